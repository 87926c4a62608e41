namespace LossService.Benchmarks.Harness;

/// <summary>The middle of some numbers, and how far they spread.</summary>
internal sealed record Spread(double Median, double Min, double LowerQuartile, double UpperQuartile, double Max, int Count)
{
    /// <summary>Of at least one number.</summary>
    public static Spread Of(double[] numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return new(
            At(sorted, 0.5), sorted[0], At(sorted, 0.25), At(sorted, 0.75), sorted[^1], sorted.Length);
    }

    /// <summary>The value below which this share of the sorted numbers lies.</summary>
    public static double At(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
