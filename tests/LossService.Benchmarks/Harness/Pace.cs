namespace LossService.Benchmarks.Harness;

/// <summary>How long a contest may take.</summary>
/// <param name="Seconds">What all rounds together should take.</param>
/// <param name="RoundsMin">The fewest rounds, however slow the entrants.</param>
/// <param name="RoundsMax">The most rounds.</param>
/// <param name="WarmSeconds">How long each entrant runs before the clock does.</param>
internal sealed record Pace(double Seconds, int RoundsMin, int RoundsMax, double WarmSeconds)
{
    /// <summary>What one entrant does without a pause: short enough that neighbours see the same machine.</summary>
    public double SeriesSeconds { get; init; } = 0.006;

    /// <summary>libtorch's idle threads spin for some milliseconds; nobody else is timed meanwhile.</summary>
    public int PauseMs { get; init; } = 5;

    public static Pace Full { get; } = new(3.5, 7, 41, 0.25);

    /// <summary>For curves, where many points matter more than the digits of one.</summary>
    public static Pace Quick { get; } = new(0.5, 5, 15, 0.1);

    /// <summary>Everything once: says only that it runs.</summary>
    public static Pace Toy { get; } = new(0, 1, 1, 0) { SeriesSeconds = 0, PauseMs = 0 };
}
