using System.Diagnostics;
using System.Globalization;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Soak;

/// <summary>The service under a mixed load for a long time: nothing it holds may grow.</summary>
internal static class SoakBenchmarks
{
    private const int Samples = 360;
    private const double MiB = 1 << 20;
    private const int KiB = 1 << 10;

    /// <summary>Runs the load for so many seconds, after a twelfth of them that does not count. The second half is judged: in
    /// the first a process settles, as code is compiled again and pools find their size.</summary>
    /// <param name="toy">Sees only that it runs: what a young process grows by beside the heap says little.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="leaks">Plants a leak of 1 KiB a request, which has to be found; of 16 in a toy, whose seconds hold few
    /// requests on a busy machine.</param>
    /// <param name="say">Told how far it is.</param>
    /// <returns>What was found, and whether nothing grew.</returns>
    public static (string Section, bool IsClean) Run(bool toy, double seconds, bool leaks, Action<string> say)
    {
        int leak = !leaks ? 0 : toy ? 16 : 1;
        using ServerProcess server = ServerProcess.StartService(
            ServerProcess.Service, withGauge: true, firstRequest: null, leaks ? [Leak.Of(leak * KiB)] : []);
        Series[] all =
        [
            new("live managed heap, MiB", toy ? 1.5 : 1), new("resident memory, MiB", toy ? 256 : 1), new("handles", toy ? 64 : 16),
            new("threads", toy ? 64 : 16),
        ];
        using var load = new SoakLoad(server.Port);
        double interval = Math.Max(0.25, seconds / Samples);
        say(string.Create(CultureInfo.InvariantCulture, $"warming up for {seconds / 12:0} s"));
        Thread.Sleep(TimeSpan.FromSeconds(seconds / 12));
        long start = Stopwatch.GetTimestamp();
        long answeredBefore = load.Answered;
        for (double now = 0; now < seconds && load.Findings.Count == 0; now = Stopwatch.GetElapsedTime(start).TotalSeconds)
        {
            // Resident memory first: the heap is measured after a full collection.
            double[] values = [0, server.ResidentBytes / MiB, server.Handles, server.Threads];
            values[0] = server.ReadLive().LiveBytes / MiB;
            foreach ((Series series, double value) in all.Zip(values))
            {
                series.Points.Add((now, value));
            }

            say(string.Create(CultureInfo.InvariantCulture, $"{now:0} of {seconds:0} s: heap {values[0]:0.00}, resident {values[1]:0.0} MiB"));
            Thread.Sleep(TimeSpan.FromSeconds(interval));
        }

        return Judge(all, load, load.Answered - answeredBefore, seconds, leak);
    }

    private static (string Section, bool IsClean) Judge(Series[] all, SoakLoad load, long answered, double seconds, int leak)
    {
        string[] growing = [.. all.Where(series => series.Grows(seconds)).Select(series => series.Name)];
        List<string[]> lines =
        [
            ["what", "at the start", "at half-time", "at the end", "slope an hour in the first half", "in the second", "its 95 % interval",
                "may be", "verdict"],
            .. all.Select(series => series.Line(seconds)),
        ];
        bool isClean = growing.Length == 0 && load.Findings.Count == 0;
        string verdict = load.Findings.Count > 0 ? $"WRONG ANSWERS: {string.Join("; ", load.Findings)}"
            : growing.Length > 0 ? $"GROWS: {string.Join(", ", growing)}."
            : "Nothing grows.";
        string section = string.Create(CultureInfo.InvariantCulture, $"""
            {seconds:0} s{(leak > 0 ? $" WITH A PLANTED LEAK of {leak} KiB a request" : "")}, {answered:N0} requests answered ({answered / seconds:0} a second), right
            and wrong ones of all sizes, {load.Refused:N0} refused for now, {load.Left:N0} callers left before their answer. {all[0].Points.Count} samples; slopes are Theil-Sen, and
            something grows where the slope of the second half is above what it may be and the lower end of its interval above 0: in the
            first half a process settles. The heap is what a full collection leaves.

            {Table.Of(lines)}
            {verdict}
            """);
        return (section, isClean);
    }

    /// <param name="Name">What is measured.</param>
    /// <param name="GrowthMax">By how much it may grow in as long as the whole run.</param>
    private sealed record Series(string Name, double GrowthMax)
    {
        private const double Hour = 3600;

        public List<(double Time, double Value)> Points { get; } = [];

        private int Half => Points.Count / 2;

        private TheilSen Second => TheilSen.Of(Points[Half..]);

        public bool Grows(double seconds) => Points.Count > 3 && Second is { Low: > 0 } slope && slope.Slope * seconds > GrowthMax;

        public string[] Line(double seconds)
        {
            if (Points.Count <= 3)
            {
                return [Name, Table.Number(Points[0].Value), "–", Table.Number(Points[^1].Value), "–", "–", "–", "–", "broken off"];
            }

            TheilSen second = Second;
            return
            [
                Name, Table.Number(Points[0].Value), Table.Number(Points[Half].Value), Table.Number(Points[^1].Value),
                Table.Number(TheilSen.Of(Points[..Half]).Slope * Hour), Table.Number(second.Slope * Hour),
                $"{Table.Number(second.Low * Hour)}..{Table.Number(second.High * Hour)}", Table.Number(GrowthMax / seconds * Hour),
                Grows(seconds) ? "**grows**" : "steady",
            ];
        }
    }
}
