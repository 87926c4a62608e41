namespace LossService.Engine.Families;

/// <summary>The working memory of one row of two distributions; every span has room for a whole vector past its
/// end.</summary>
internal readonly ref struct DistributionRow<T> where T : unmanaged
{
    public DistributionRow(Scratch scratch, int classes)
    {
        Room = scratch.Take<T>(1, classes);
        P = scratch.Take<T>(2, classes);
        LogP = scratch.Take<T>(3, classes);
        Q = scratch.Take<T>(4, classes);
        LogQ = scratch.Take<T>(5, classes);
        Terms = scratch.Take<T>(6, classes);
        Weights = scratch.Take<T>(7, classes)[..classes];
        Coefficients = scratch.Take<T>(8, classes)[..classes];
        Curvatures = scratch.Take<T>(9, classes)[..classes];
        Slopes = scratch.Take<T>(10, classes);
        Curves = scratch.Take<T>(11, classes);
        Output = scratch.Take<T>(12, classes);
        Hard = scratch.Take<T>(13, classes);
        One = scratch.Take<T>(14, 4);
        Gaps = scratch.Take<T>(15, classes);
    }

    /// <summary>Room for a row that is not contiguous, or is replaced by its limit.</summary>
    public Span<T> Room { get; }

    public Span<T> P { get; }

    public Span<T> LogP { get; }

    public Span<T> Q { get; }

    public Span<T> LogQ { get; }

    public Span<T> Terms { get; }

    public Span<T> Weights { get; }

    public Span<T> Coefficients { get; }

    public Span<T> Curvatures { get; }

    /// <summary>The slope of each term on one side.</summary>
    public Span<T> Slopes { get; }

    /// <summary>The second derivative of each term on one side.</summary>
    public Span<T> Curves { get; }

    /// <summary>A gradient row that is not contiguous in its tensor.</summary>
    public Span<T> Output { get; }

    /// <summary>The softmax of q's logits at temperature 1, for a hard cross-entropy.</summary>
    public Span<T> Hard { get; }

    public Span<T> One { get; }

    /// <summary>log q - log p.</summary>
    public Span<T> Gaps { get; }
}
