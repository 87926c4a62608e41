using LossService.Engine.Cards;
using CardParameter = LossService.Engine.Cards.Parameter;

namespace LossService.Engine.Losses.Ranking;

/// <summary>What a mean over losses of pairs divides by.</summary>
internal static class PairMean
{
    public static CardParameter Parameter { get; } = CardParameter.Choice(
        "mean_over", ["lists", "pairs"], "What a mean divides by: the lists, or all pairs of different relevance.");

    public static bool IsOverPairs(Settings settings) => settings.Word(Parameter) == "pairs";
}
