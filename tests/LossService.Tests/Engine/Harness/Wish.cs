namespace LossService.Tests.Engine.Harness;

/// <summary>Which values a sample may hold.</summary>
internal enum Values
{
    /// <summary>Anywhere inside their domain, so that a kink is hit only by chance.</summary>
    Smooth,

    /// <summary>On a coarse grid, so that ties, corners, bounds and both zeros are common.</summary>
    Kinks,

    /// <summary>Also NaN, infinities, the largest and the smallest numbers, where the card lets predictions hold them.</summary>
    Extreme,
}

/// <summary>What a test wants of a sample; what is left out is drawn.</summary>
internal sealed record Wish
{
    /// <summary>The form of the first input.</summary>
    public int? Form { get; init; }

    /// <summary>The number of samples: N, or the first of the axes of an elementwise loss.</summary>
    public int? Samples { get; init; }

    /// <summary>The length of a row: classes or coordinates.</summary>
    public int? Row { get; init; }

    /// <summary>True for no axes beyond those: (N, C), (N, E), or (S).</summary>
    public bool Plain { get; init; }

    public bool Float64 { get; init; } = true;

    public string? Reduction { get; init; }

    public Values Values { get; init; }

    /// <summary>False leaves out the common tensors and scalars, and the loss's own weights.</summary>
    public bool Extras { get; init; } = true;

    /// <summary>True for losses of one item a sample, where a card leaves it to the request.</summary>
    public bool Independent { get; init; }

    /// <summary>False draws no label that is ignored.</summary>
    public bool Ignored { get; init; } = true;

    /// <summary>False leaves the loss's own parameters at their defaults.</summary>
    public bool Settings { get; init; } = true;

    /// <summary>Parameters that stay at their defaults.</summary>
    public IReadOnlyCollection<string> Untouched { get; init; } = [];
}
