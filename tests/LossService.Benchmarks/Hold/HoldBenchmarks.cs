using System.Diagnostics;
using System.Globalization;
using LossService.Engine;
using LossService.Tests.Faults;

namespace LossService.Benchmarks.Hold;

/// <summary>What the tests run a sample of, at length: clients kept apart, changed bodies.</summary>
internal static class HoldBenchmarks
{
    private const long IsolationRequests = 1_000_000;
    private const long FuzzExecutions = 10_000_000;
    private const long FuzzGrowthMax = 64 << 20;
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

    /// <summary>Ten million changed bodies, or as many as are asked for; on every processor.</summary>
    /// <returns>The ledger, and whether nothing was wrong.</returns>
    public static (string Section, bool IsClean) FuzzBodies(bool toy, long? executions, int? from)
    {
        long start = Stopwatch.GetTimestamp();
        long all = executions ?? FuzzExecutions / (toy ? ToyShare : 1);
        int seed = from ?? (toy ? 1 : Environment.TickCount);
        Instance[] instances = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Instance(Catalogue.All, Fuzz.Limits))];
        List<Call> seeds = Fuzz.SeedsAsync(Catalogue.All, instances[0]).GetAwaiter().GetResult();
        Fuzz[] fuzzes = [.. instances.Select((instance, number) =>
            new Fuzz(instance, seeds, seed + number) { Patience = toy ? TimeSpan.MaxValue : TimeSpan.FromSeconds(1) })];

        // What the first tenth allocates stays: caches, compiled code.
        Run(fuzzes, all / 10);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Run(fuzzes, all - (all / 10));
        long growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        Array.ForEach(instances, instance => instance.Dispose());

        string[] findings = [.. fuzzes.SelectMany(fuzz => fuzz.Findings)];
        IEnumerable<(string Outcome, long Times)> ledger = fuzzes.SelectMany(fuzz => fuzz.Outcomes)
            .GroupBy(one => one.Key, (outcome, some) => (outcome, some.Sum(one => one.Value))).OrderBy(one => one.outcome, StringComparer.Ordinal);
        string section = string.Create(CultureInfo.InvariantCulture, $"""
            {all:N0} bodies of JSON and safetensors, changed between tokens, at the edges of numbers, in lengths and offsets; codec, check,
            kernel and answer. Seeds from {seed}, {Seconds(start):0} s, {findings.Length} findings; the slowest took
            {fuzzes.Max(fuzz => fuzz.Slowest).TotalMilliseconds:0} ms, the heap grew by {growth / 1024.0 / 1024:0.0} MiB after the first tenth.

            | outcome | times |
            |---|---|
            {string.Join('\n', ledger.Select(one => $"| {one.Outcome} | {one.Times.ToString("N0", CultureInfo.InvariantCulture)} |"))}

            {string.Join('\n', findings)}
            """);
        return (section, findings.Length == 0 && growth < FuzzGrowthMax);

        static void Run(Fuzz[] fuzzes, long executions) =>
            Task.WaitAll([.. fuzzes.Select(fuzz => Task.Run(() => fuzz.RunAsync(executions / fuzzes.Length)))]);
    }

    private static double Seconds(long start) => Stopwatch.GetElapsedTime(start).TotalSeconds;
}
