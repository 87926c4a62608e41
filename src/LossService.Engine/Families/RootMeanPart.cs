using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The working memory of one part of a root of a mean.</summary>
internal readonly ref struct RootMeanPart(Scratch scratch, int start, int count)
{
    public int Start { get; } = start;

    public int Count { get; } = count;

    public Span<double> Errors { get; } = scratch.Take<double>(0, count)[..count];

    public Span<double> Weights { get; } = scratch.Take<double>(1, count)[..count];

    public Span<double> Room { get; } = scratch.Take<double>(2, count)[..count];

    /// <summary>Σ w d² of its errors; destroys the room.</summary>
    public double SumOfSquares()
    {
        for (int i = 0; i < Count; i++)
        {
            Room[i] = Weights[i] * (Errors[i] * Errors[i]);
        }

        return Sums.OfBlock<double>(Room);
    }

    /// <summary>The largest magnitude, or NaN.</summary>
    public static double Largest(ReadOnlySpan<double> errors)
    {
        double largest = 0;
        foreach (double error in errors)
        {
            largest = Math.Max(largest, Math.Abs(error)); // NaN wins
        }

        return largest;
    }
}

/// <summary>What some items count for: their weights, and the factors of their slopes and curvatures.</summary>
internal readonly ref struct RootMeanFactors(Scratch scratch, int count)
{
    public Span<double> Weights { get; } = scratch.Take<double>(3, count)[..count];

    public Span<double> Coefficients { get; } = scratch.Take<double>(4, count)[..count];

    public Span<double> Curvatures { get; } = scratch.Take<double>(5, count)[..count];
}
