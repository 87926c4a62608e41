namespace LossService.Benchmarks.Soak;

/// <summary>The slope of a series that hardly minds outliers: the median of the slopes of all pairs (Theil 1950), between the
/// bounds that Kendall's statistic gives it with 95 % (Sen 1968).</summary>
/// <param name="Slope">Per unit of time.</param>
/// <param name="Low">Its lower bound.</param>
/// <param name="High">Its upper bound.</param>
internal sealed record TheilSen(double Slope, double Low, double High)
{
    private const double Quantile = 1.959964; // of the normal distribution, two-sided 95 %

    /// <summary>Of at least two samples, each at its own time.</summary>
    public static TheilSen Of(IReadOnlyList<(double Time, double Value)> samples)
    {
        int count = samples.Count;
        var slopes = new List<double>(count * (count - 1) / 2);
        for (int i = 0; i < count; i++)
        {
            for (int j = i + 1; j < count; j++)
            {
                slopes.Add((samples[j].Value - samples[i].Value) / (samples[j].Time - samples[i].Time));
            }
        }

        slopes.Sort();
        double spread = Quantile * Math.Sqrt(count * (count - 1.0) * ((2 * count) + 5) / 18);
        return new(At(slopes, slopes.Count / 2.0), At(slopes, (slopes.Count - spread) / 2), At(slopes, (slopes.Count + spread) / 2));
    }

    private static double At(List<double> sorted, double rank) => sorted[Math.Clamp((int)rank, 0, sorted.Count - 1)];
}
