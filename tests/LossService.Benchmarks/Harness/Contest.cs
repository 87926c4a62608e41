using System.Diagnostics;
using System.Globalization;

namespace LossService.Benchmarks.Harness;

/// <summary>Times entrants in turns, A B C B C A …, so that all of them see the same moods of a shared machine; what is
/// reported are ratios of times out of the same round.</summary>
internal sealed class Contest
{
    private const double DeviationMax = 1e-4;

    private readonly IReadOnlyList<Entrant> _entrants;
    private readonly double[][] _seconds; // of one piece of work, by entrant and round
    private readonly double[][] _checks;

    private Contest(IReadOnlyList<Entrant> entrants, double[][] checks, int rounds)
    {
        _entrants = entrants;
        _checks = checks;
        _seconds = [.. entrants.Select(_ => new double[rounds])];
    }

    /// <summary>Lets all entrants do their work until the pace says that it is enough.</summary>
    /// <exception cref="InvalidOperationException">Two entrants did not compute the same.</exception>
    public static Contest Hold(string work, IReadOnlyList<Entrant> entrants, Pace pace)
    {
        double[][] checks = [.. entrants.Select(entrant => entrant.Check())];
        for (int i = 1; i < entrants.Count; i++)
        {
            Demand(Deviation(checks[0], checks[i]) <= DeviationMax,
                $"{work}: {entrants[i].Name} gives {Text(checks[i])}, {entrants[0].Name} gives {Text(checks[0])}");
        }

        var times = new int[entrants.Count];
        double round = 0;
        for (int i = 0; i < entrants.Count; i++)
        {
            double once = WarmUp(entrants[i], pace);
            times[i] = (int)Math.Clamp(pace.SeriesSeconds / once, 1, 1_000_000);
            round += (times[i] * once) + (pace.PauseMs / 1000.0);
        }

        int rounds = (int)Math.Clamp(pace.Seconds / round, pace.RoundsMin, pace.RoundsMax);
        var contest = new Contest(entrants, checks, rounds);
        for (int r = 0; r < rounds; r++)
        {
            for (int k = 0; k < entrants.Count; k++)
            {
                int i = (k + r) % entrants.Count;
                Thread.Sleep(pace.PauseMs);
                contest._seconds[i][r] = entrants[i].Time(times[i]) / times[i];
            }
        }

        return contest;
    }

    /// <summary>The ratio of two entrants' times.</summary>
    public Row Compare(string work, Entrant ours, Entrant peer, double? target = null)
    {
        double[] mine = Seconds(ours);
        double[] theirs = Seconds(peer);
        double[] mineSaid = _checks[Index(ours)];
        double[] theirsSaid = _checks[Index(peer)];
        return new(work, peer.Name, peer.Threads, Spread.Of(mine).Median, Spread.Of(theirs).Median,
            Spread.Of([.. theirs.Zip(mine, (their, my) => their / my)]), target)
        {
            OursSaid = mineSaid,
            PeerSaid = theirsSaid,
        };
    }

    /// <summary>Seconds of one piece of work, round by round.</summary>
    public double[] Seconds(Entrant entrant) => _seconds[Index(entrant)];

    /// <summary>The largest relative difference between two lists of numbers.</summary>
    public static double Deviation(double[] ours, double[] theirs) => ours.Length != theirs.Length
        ? double.PositiveInfinity
        : ours.Zip(theirs, (mine, other) => !double.IsFinite(mine) || !double.IsFinite(other)
            ? double.PositiveInfinity
            : Math.Abs(mine - other) / Math.Max(Math.Abs(mine), 1e-30)).DefaultIfEmpty(0).Max();

    private int Index(Entrant entrant) => _entrants.ToList().IndexOf(entrant);

    // Tier 1 comes after thirty calls and a tenth of a second in which nothing new was compiled: run, rest, run, rest, run.
    private static double WarmUp(Entrant entrant, Pace pace)
    {
        double once = Math.Max(entrant.Time(1), 1e-9);
        for (int turn = 0; turn < 3 && pace.WarmSeconds > 0; turn++)
        {
            long start = Stopwatch.GetTimestamp();
            do
            {
                int times = (int)Math.Clamp(0.02 / once, 1, 10_000);
                once = Math.Max(entrant.Time(times) / times, 1e-9);
            }
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < pace.WarmSeconds / 3);
            Thread.Sleep(once > 0.1 ? 0 : 110);
        }

        return once;
    }

    private static void Demand(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private static string Text(double[] numbers) =>
        string.Join(" ", numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)));
}
