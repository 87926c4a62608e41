namespace LossService.Conformance.Oracles.Harness;

/// <summary>What libtorch answers; float32 answers are widened, not rounded again.</summary>
internal sealed record OracleAnswer
{
    /// <summary>The reduced loss, summed in double and rounded once to the dtype; null for <c>none</c>.</summary>
    public double? Loss { get; init; }

    /// <summary>The items after all weights, before reduction and <c>loss_weight</c>.</summary>
    public required OracleArray Losses { get; init; }

    /// <summary>By input name, with all factors.</summary>
    public required IReadOnlyDictionary<string, OracleArray> Gradients { get; init; }

    /// <summary>By input name, without <c>grad_output</c>; empty unless <c>hessian</c> is <c>diagonal</c>.</summary>
    public required IReadOnlyDictionary<string, OracleArray> Hessians { get; init; }

    /// <summary>What a mean divided by, and by which rule; null unless a mean was taken.</summary>
    public (string Rule, double Value)? Normalizer { get; init; }
}
