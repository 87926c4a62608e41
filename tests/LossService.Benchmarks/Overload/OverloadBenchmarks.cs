using System.Diagnostics;
using System.Globalization;
using System.Text;
using HdrHistogram;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Overload;

/// <summary>The service with more to do than it can: what small requests wait beside very large ones, and what is answered
/// at several times the capacity.</summary>
internal static class OverloadBenchmarks
{
    private const double SmallRate = 200;
    private const int LargeSide = 4096; // 16 M elements
    private const int ListLength = 1024;
    private const int ConnectionsMax = 1500;
    private const double Overloaded = 3; // times the capacity
    private const double PeakShareMin = 0.9; // of the peak is still answered there
    private const double PeakShareOfControlMax = 0.5;
    private const double RefusedMillisecondsMax = 100;
    private const double TimesAloneMax = 3;

    private static readonly double[] Loads = [0.5, 0.8, 1, 2, 3, 5, 10];

    /// <summary>Runs both, each with its control; or one of them, "neighbours" or "rates".</summary>
    /// <returns>The section, and whether every request was answered or refused; and, but at toy size, whether goodput, refusals
    /// and neighbours keep to their bounds, and the controls do not.</returns>
    public static (string Section, bool IsClean) Run(bool toy, string? filter, Action<string> say)
    {
        bool IsAsked(string part) => filter is null || part.Contains(filter, StringComparison.Ordinal);
        using IDisposable aside = ServerProcess.KeepAside(measures: !toy);
        double seconds = toy ? 0.5 : 30;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            The server has one processor, the client the other. Requests are due at a constant rate and latencies, in milliseconds,
            count from when they were due (HdrHistogram).

            Small requests of (32,10), {SmallRate} a second for {seconds} s: alone, and beside two clients that send cross_entropy
            ({(toy ? 64 : LargeSide)},{(toy ? 64 : LargeSide)}) as safetensors, one after the other. "One queue" is the control: everything is answered where it arrives
            (`Limits:InlineStepsMax`).

            | service | beside | p50 | p99 | p99.9 | most | times its p99 alone | large answers | lost |
            |---|---|---|---|---|---|---|---|---|

            """);
        var failures = new List<string>();
        void Demand(bool holds, FormattableString otherwise)
        {
            // A busy machine says nothing at toy size.
            if (!holds && !toy)
            {
                failures.Add(FormattableString.Invariant(otherwise));
            }
        }

        if (IsAsked("neighbours"))
        {
            double times = Neighbours("as it is", [], toy, seconds, text, failures, say);
            Demand(times <= TimesAloneMax, $"Beside large ones small requests take {times:0.0} times their p99 alone, more than {TimesAloneMax}.");
            times = Neighbours("one queue", [$"Limits:InlineStepsMax={int.MaxValue}"], toy, seconds, text, failures, say);
            Demand(times > TimesAloneMax, $"The control of one queue does not show: {times:0.0} times, no more than {TimesAloneMax}.");
        }

        text.Append(CultureInfo.InvariantCulture, $"""

            ranknet_loss of one list of {ListLength}, {(toy ? 0.5 : 15)} s at each rate, in multiples of what two connections in a closed loop were answered;
            at most {ConnectionsMax} connections. Goodput counts answers within a second. "No limit" is the control: `Limits:QueueMillisecondsMax`
            of a minute.

            | service | rate | times capacity | goodput | of its peak | answered p50 | p99 | refused | refused p50 | p99 | lost |
            |---|---|---|---|---|---|---|---|---|---|---|

            """);
        if (IsAsked("rates"))
        {
            (double share, double refused) = Curve("as it is", [], toy ? [Overloaded] : Loads, toy, text, failures, say);
            Demand(share >= PeakShareMin, $"At {Overloaded} times the capacity goodput is {share:P0} of its peak, less than {PeakShareMin:P0}.");
            Demand(refused <= RefusedMillisecondsMax, $"A refusal takes {refused:0} ms at p99, more than {RefusedMillisecondsMax}.");
            (share, _) = Curve(
                "no limit", ["Limits:QueueMillisecondsMax=60000"], toy ? [Overloaded] : [1, Overloaded], toy, text, null, say);
            Demand(
                share < PeakShareOfControlMax,
                $"The control without a limit does not collapse: {share:P0} of its peak, no less than {PeakShareOfControlMax:P0}.");
        }

        text.AppendLine().AppendJoin('\n', failures);
        return (text.ToString(), failures.Count == 0);
    }

    // How many times as long as alone small requests take beside large ones, at p99.
    private static double Neighbours(
        string name, string[] settings, bool toy, double seconds, StringBuilder text, List<string> failures, Action<string> say)
    {
        say($"{name}: small requests alone");
        using ServerProcess server = ServerProcess.StartServiceWith(settings);
        byte[] small = Payload.Request(Payload.Json(32, 10));
        new OpenLoop(server.Port, small, ConnectionsMax).Run(SmallRate, toy ? 0.2 : 10); // warms
        OpenLoopResult alone = new OpenLoop(server.Port, small, ConnectionsMax).Run(SmallRate, seconds);

        say($"{name}: small requests beside large ones");
        int side = toy ? 64 : LargeSide;
        byte[] large = Payload.RawRequest(Payload.Safetensors(side, side));
        LargeClient[] clients = [.. Enumerable.Range(0, 2).Select(_ => new LargeClient(server.Port, large))];
        Thread.Sleep(toy ? 50 : 2000);
        int before = clients.Sum(client => client.Answers);
        OpenLoopResult beside = new OpenLoop(server.Port, small, ConnectionsMax).Run(SmallRate, seconds);
        int answers = clients.Sum(client => client.Answers) - before;
        Array.ForEach(clients, client => client.Dispose());

        double times = At(beside.Answered, 99) / At(alone.Answered, 99);
        text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | nobody | {Row(alone.Answered)} | | | {alone.Lost} |");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"| {name} | two large clients | {Row(beside.Answered)} | {times:0.0} | {answers} | {beside.Lost} |");
        AddLost(name, alone.Lost + beside.Lost, failures);
        return times;
    }

    // The share of its peak that is answered at three times the capacity, and the most that refusals took at p99. What is lost
    // counts where there are failures for it.
    private static (double PeakShare, double RefusedMilliseconds) Curve(
        string name, string[] settings, double[] loads, bool toy, StringBuilder text, List<string>? failures, Action<string> say)
    {
        using ServerProcess server = ServerProcess.StartServiceWith(settings);
        byte[] request = List();
        ClosedLoop(server, request, toy ? 0.2 : 5); // warms
        double capacity = ClosedLoop(server, request, toy ? 0.3 : 8);
        var rows = new List<OpenLoopResult>();
        foreach (double load in loads)
        {
            say(string.Create(CultureInfo.InvariantCulture, $"{name}: {load} times {capacity:0} a second"));
            rows.Add(new OpenLoop(server.Port, request, ConnectionsMax).Run(load * capacity, toy ? 0.5 : 15));
        }

        double peak = rows.Max(row => row.Goodput);
        foreach (OpenLoopResult row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"""
                | {name} | {row.Rate:0} | {row.Rate / capacity:0.0} | {row.Goodput:0} | {row.Goodput / peak:P0} | {At(row.Answered, 50):0.0} | {At(row.Answered, 99):0.0} | {row.Refused.TotalCount} | {At(row.Refused, 50):0.0} | {At(row.Refused, 99):0.0} | {row.Lost} |
                """);
        }

        AddLost(name, rows.Sum(row => row.Lost), failures);
        return (
            rows[Array.IndexOf(loads, Overloaded)].Goodput / peak,
            rows.Where(row => row.Refused.TotalCount > 0).Select(row => At(row.Refused, 99)).DefaultIfEmpty(0).Max());
    }

    private static void AddLost(string name, long lost, List<string>? failures)
    {
        if (lost > 0)
        {
            failures?.Add($"{name}: {lost} requests were lost.");
        }
    }

    private static double ClosedLoop(ServerProcess server, byte[] request, double seconds)
    {
        int answers = 0;
        long start = Stopwatch.GetTimestamp();
        Parallel.For(0, 2, number =>
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            {
                if (server.Connection(number).Send(request) == 200)
                {
                    Interlocked.Increment(ref answers);
                }
            }
        });
        return answers / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static byte[] List()
    {
        var random = new Random(5);
        string Numbers(Func<string> next) => string.Join(',', Enumerable.Range(0, ListLength).Select(_ => next()));
        string scores = Numbers(() => random.NextDouble().ToString("0.######", CultureInfo.InvariantCulture));
        string relevance = Numbers(() => random.Next(5).ToString(CultureInfo.InvariantCulture));
        return Connection.Request(
            "POST", "/v1/losses/ranknet_loss", "application/json",
            Encoding.ASCII.GetBytes($$"""{"scores":[[{{scores}}]],"relevance":[[{{relevance}}]]}"""));
    }

    private static string Row(LongHistogram latencies) => string.Create(
        CultureInfo.InvariantCulture,
        $"{At(latencies, 50):0.00} | {At(latencies, 99):0.00} | {At(latencies, 99.9):0.00} | {latencies.GetMaxValue() / 1000.0:0.00}");

    private static double At(LongHistogram latencies, double percentile) =>
        latencies.TotalCount == 0 ? double.NaN : latencies.GetValueAtPercentile(percentile) / 1000.0;
}
