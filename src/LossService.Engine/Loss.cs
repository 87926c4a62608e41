using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine;

/// <summary>One loss of the catalogue, whatever its family: a card, and an answer to a request.</summary>
public abstract class Loss(LossCard card)
{
    /// <summary>What the loss says about itself.</summary>
    public LossCard Card { get; } = card;

    /// <summary>Computes the answer to a request that was resolved, solved and found without mistakes.</summary>
    /// <param name="request">The question; stays the caller's.</param>
    /// <param name="workshop">Where buffers, threads and cancellation come from.</param>
    /// <returns>The answer, which the caller disposes. A request that turns out to reduce nothing with
    /// <c>empty: "error"</c> leaves its mistake in <see cref="LossRequest.Mistakes"/> instead.</returns>
    /// <exception cref="OperationCanceledException">The caller went away; nothing stays rented.</exception>
    public abstract LossResult Run(LossRequest request, Workshop workshop);
}
