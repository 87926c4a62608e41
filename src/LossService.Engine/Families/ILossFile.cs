using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>What every loss's file holds beside its kernel: a card, and how it is made from a request's
/// settings.</summary>
/// <typeparam name="TSelf">The loss itself: a struct whose fields are its validated parameters.</typeparam>
internal interface ILossFile<TSelf> where TSelf : struct, ILossFile<TSelf>
{
    static abstract LossCard Card { get; }

    static abstract TSelf Configure(Settings settings);
}
