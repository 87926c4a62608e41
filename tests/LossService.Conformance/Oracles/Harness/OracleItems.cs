using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>What one oracle computes: the items with their graph, and what a mean must know about them.</summary>
/// <param name="Losses">The unreduced loss, after the loss's own <c>weight</c>, before everything common.</param>
internal sealed record OracleItems(Tensor Losses)
{
    /// <summary>Shaped like the items: false where an item is ignored and leaves the mean. Null: none is.</summary>
    public Tensor? Counted { get; init; }

    /// <summary>True when a mean counts ignored items all the same, though not masked ones.</summary>
    public bool MeanCountsIgnored { get; init; }

    /// <summary>Shaped like the items: the <c>weight</c> of each, for means that divide by it. Null: none.</summary>
    public Tensor? Weights { get; init; }

    /// <summary>What <c>weight_normalization</c> defaults to.</summary>
    public bool MeanDividesByWeights { get; init; }

    /// <summary>Shaped like the items: what of each enters the reduced loss, beside what a mean divides by. Null:
    /// all.</summary>
    public Tensor? Shares { get; init; }

    /// <summary>What a mean counts instead of items, and how much of it each item has. Null: the items.</summary>
    public (string Rule, Tensor PerItem)? Tally { get; init; }
}
