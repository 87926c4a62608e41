using System.Diagnostics;
using System.Globalization;
using LossService.Benchmarks.Server;
using LossService.Engine;
using LossService.Tests.Faults;

namespace LossService.Benchmarks.Hold;

/// <summary>What the tests run a sample of, at length: clients kept apart, changed bodies, clients that leave.</summary>
internal static class HoldBenchmarks
{
    private const long IsolationRequests = 1_000_000;
    private const long FuzzExecutions = 10_000_000;
    private const int Departures = 2000;
    private const int ToyShare = 1000;

    /// <summary>A million requests of eight clients at once.</summary>
    /// <returns>What was found, and whether nothing was wrong.</returns>
    public static (string Section, bool IsClean) Isolate(bool toy)
    {
        long start = Stopwatch.GetTimestamp();
        using var instance = new Instance(Catalogue.All, ("BufferedBytesMax", "4096"), ("ThreadsMax", "2"));
        var isolation = new Isolation(instance);
        isolation.RunAsync(IsolationRequests / (toy ? ToyShare : 1), Isolation.CallsOf).GetAwaiter().GetResult();
        string section = string.Create(CultureInfo.InvariantCulture, $"""
            {Isolation.Clients} clients at once, each with numbers of its own magnitude, sizes and formats mixed, among bodies cut short,
            clients that leave and buffers that are refused; every answer is compared with that of its client alone, byte by byte.

            | answers compared | numbers in them | requests broken on purpose | foreign answers | errors logged | seconds |
            |---|---|---|---|---|---|
            | {isolation.Answers:N0} | {isolation.Elements:N0} | {isolation.Broken:N0} | {isolation.Findings.Count} | {instance.Errors} | {Seconds(start):0} |

            {string.Join('\n', isolation.Findings)}
            """);
        return (section, isolation.Findings.Count == 0 && instance.Errors == 0);
    }

    /// <summary>Ten million changed bodies.</summary>
    /// <returns>The ledger, and whether nothing was wrong.</returns>
    public static (string Section, bool IsClean) FuzzBodies(bool toy)
    {
        long start = Stopwatch.GetTimestamp();
        using var instance = new Instance(Catalogue.All, Fuzz.Limits);
        int seed = toy ? 1 : Environment.TickCount;
        List<Call> seeds = Fuzz.SeedsAsync(Catalogue.All, instance).GetAwaiter().GetResult();
        var fuzz = new Fuzz(instance, seeds, seed);
        fuzz.RunAsync(FuzzExecutions / (toy ? ToyShare : 1)).GetAwaiter().GetResult();
        string section = string.Create(CultureInfo.InvariantCulture, $"""
            Bodies of JSON and safetensors, changed between tokens, at the edges of numbers, in lengths and offsets; codec, check, kernel
            and answer. Seed {seed}, {Seconds(start):0} s, {fuzz.Findings.Count} findings, working set
            {Environment.WorkingSet >> 20} MiB at the end.

            | outcome | times |
            |---|---|
            {string.Join('\n', fuzz.Outcomes.Select(one => $"| {one.Key} | {one.Value.ToString("N0", CultureInfo.InvariantCulture)} |"))}

            {string.Join('\n', fuzz.Findings)}
            """);
        return (section, fuzz.Findings.Count == 0);
    }

    /// <summary>How long a computation goes on after its client has left.</summary>
    public static (string Section, bool IsClean) Leave(bool toy)
    {
        using var instance = new Instance(Catalogue.All, ("ThreadsMax", "2"));
        Call call = Bodies.Safetensors(toy ? 200 : 4000, 250);
        Time(instance, call, TimeSpan.FromMinutes(1)); // compiles
        double whole = Enumerable.Range(0, 5).Min(_ => Time(instance, call, TimeSpan.FromMinutes(1)).Whole);
        var random = new Random(1);
        double[] after = [.. Enumerable.Range(0, toy ? 10 : Departures)
            .Select(_ => Time(instance, call, TimeSpan.FromMilliseconds(whole * random.NextDouble())).After)
            .Where(double.IsFinite).Order()];
        using var host = new SocketHost();
        byte[] request = Payload.RawRequest(Payload.Safetensors(toy ? 200 : 4000, 250));
        double wholeBySocket = Enumerable.Range(0, 5).Min(_ => host.Time(request));
        double[] bySocket = [.. Enumerable.Range(0, toy ? 10 : Departures)
            .Select(number => host.Leave(request, TimeSpan.FromMilliseconds(wholeBySocket * random.NextDouble()), number % 2 == 0))
            .Where(after => !double.IsNaN(after)).Order()];
        string section = string.Create(CultureInfo.InvariantCulture, $"""
            cross_entropy (4000,250) from safetensors, {whole:0.0} ms in process and {wholeBySocket:0.0} ms over a socket when its client
            stays. Clients left at a random moment of it, while something of their request was held; those on sockets by turns with a
            reset and in order. Milliseconds from there until the request was over and everything given back:

            | client | left | p50 | p99 | most | leases left | errors logged |
            |---|---|---|---|---|---|---|
            | in process | {after.Length} | {At(after, 0.5):0.00} | {At(after, 0.99):0.00} | {At(after, 1):0.00} | {instance.Pool.Leases} | {instance.Errors} |
            | on a socket | {bySocket.Length} | {At(bySocket, 0.5):0.00} | {At(bySocket, 0.99):0.00} | {At(bySocket, 1):0.00} | {host.Leases} | |
            """);
        return (section, instance.Pool.Leases + host.Leases == 0 && instance.Errors == 0);
    }

    // Milliseconds of the whole, and from the client's going to the end; not a number where it was over before.
    private static (double Whole, double After) Time(Instance instance, Call call, TimeSpan stay)
    {
        using var gone = new CancellationTokenSource();
        long left = 0;
        using CancellationTokenRegistration told = gone.Token.Register(() => left = Stopwatch.GetTimestamp());
        long start = Stopwatch.GetTimestamp();
        gone.CancelAfter(stay);
        instance.SendAsync(call with { Gone = gone }).GetAwaiter().GetResult();
        double whole = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return (whole, left == 0 ? double.NaN : Stopwatch.GetElapsedTime(left).TotalMilliseconds);
    }

    private static double At(double[] ordered, double share) =>
        ordered.Length == 0 ? double.NaN : ordered[(int)Math.Min(ordered.Length - 1, share * ordered.Length)];

    private static double Seconds(long start) => Stopwatch.GetElapsedTime(start).TotalSeconds;
}
