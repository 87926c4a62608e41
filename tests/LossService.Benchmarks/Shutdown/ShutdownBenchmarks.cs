using System.Diagnostics;
using System.Globalization;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Shutdown;

/// <summary>The service is stopped under load, again and again, and no request that it accepted may be lost.</summary>
internal static class ShutdownBenchmarks
{
    private const int Cycles = 200;
    private const int ControlCycles = 5;

    // The shortest in which a balancer of this machine surely asks; beside many tests it may not be asked for a second.
    private const int DrainMs = 500;
    private const int ToyDrainMs = 5000;

    private const int LoadMsMax = 200; // a stop comes at any phase of the load
    private const string Note = """
        Each cycle starts the service, lets two callers with kept connections, two with a connection a request and one that
        sends the second half of its request only when nobody listens any more run, and then asks it to stop. "crossed": begun
        before the stop was asked for, answered in full after it. The control is a stop that must lose something; "no drain"
        is for comparison.
        """;

    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(40);

    /// <summary>Runs all cycles.</summary>
    /// <returns>Whether all went well and the control was caught; and the section of the report.</returns>
    public static (bool IsRight, string Section) Run(bool toy, Action<string> say)
    {
        int drain = toy ? ToyDrainMs : DrainMs;
        Series asked = Repeat("SIGTERM", toy ? 2 : Cycles, drain, server => server.Terminate(), say);
        int controls = toy ? 1 : ControlCycles;
        Series hasty = Repeat("SIGTERM, no drain", controls, 0, server => server.Terminate(), say);
        Series killed = Repeat("control: SIGKILL", controls, drain, server => server.Kill(), say);
        bool isRight = asked.Outcomes.TrueForAll(outcome => outcome.IsClean)
            && asked.ExitCodes.TrueForAll(code => code == 0)
            && killed.Outcomes.TrueForAll(outcome => outcome.Lost.Count > 0);
        List<string[]> lines =
        [
            ["stop", "cycles", "requests answered", "crossed", "lost", "refused", "readiness said no first", "exit code 0", "seconds to stop"],
            .. ((Series[])[asked, hasty, killed]).Select(Line),
        ];
        return (isRight, $"{Note}\n\n{Table.Of(lines)}\n{(isRight ? "As it must be." : "NOT as it must be.")}\n");
    }

    private static Series Repeat(
        string name, int cycles, int drainMilliseconds, Action<ServerProcess> stop, Action<string> say)
    {
        var series = new Series(name);
        var random = new Random(7);
        for (int cycle = 1; cycle <= cycles; cycle++)
        {
            say($"{name}, {cycle} of {cycles}");
            // Who is refused because the machine is busy is not lost by the stop.
            using ServerProcess server = ServerProcess.StartServiceWith(
                "WarmUpRounds=0", "Limits:QueueMillisecondsMax=60000", string.Create(CultureInfo.InvariantCulture, $"Limits:DrainMillisecondsMax={drainMilliseconds}"));
            using var callers = new Callers(server.Port);
            callers.Start();
            Thread.Sleep(random.Next(LoadMsMax));
            callers.NoteAsked();
            long start = Stopwatch.GetTimestamp();
            stop(server);
            Outcome outcome = callers.Finish();
            series.Outcomes.Add(outcome);
            outcome.Lost.ToList().ForEach(lost => say($"lost: {lost}"));
            series.ExitCodes.Add(server.WaitForExit(StopTimeMax));
            series.Seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return series;
    }

    private static string[] Line(Series series) =>
    [
        series.Name,
        $"{series.Outcomes.Count}",
        $"{series.Outcomes.Sum(outcome => outcome.Answered)}",
        $"{series.Outcomes.Sum(outcome => outcome.Crossed)}",
        $"{series.Outcomes.Sum(outcome => outcome.Lost.Count)}",
        $"{series.Outcomes.Sum(outcome => outcome.Refused)}",
        $"{series.Outcomes.Count(outcome => outcome.SaidFirst)}",
        $"{series.ExitCodes.Count(code => code == 0)}",
        $"{Table.Number(series.Seconds.Min())}..{Table.Number(series.Seconds.Max())}",
    ];

    private sealed record Series(string Name)
    {
        public List<Outcome> Outcomes { get; } = [];

        public List<int?> ExitCodes { get; } = [];

        public List<double> Seconds { get; } = [];
    }
}
