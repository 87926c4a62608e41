using System.Diagnostics;
using System.Globalization;
using LossService.Benchmarks.Server;
using LossService.Tests.Http;

namespace LossService.Benchmarks.Hold;

/// <summary>Changed requests over real sockets, at length: heads, lengths, chunks and codings.</summary>
internal static class SocketBenchmarks
{
    private const int Requests = 1_000_000;
    private const int ToyRequests = 2000;
    private const int Workers = 64;
    private const int HandlesSpare = 16; // what a runtime opens for itself in its own time

    private static readonly TimeSpan CloseTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>Sends a million.</summary>
    /// <returns>What was found, and whether nothing was wrong.</returns>
    public static (string Section, bool IsClean) Run(bool toy)
    {
        using ServerProcess server = ServerProcess.StartServiceWith("Limits:BodyBytesMax=10000", "Limits:HeadSecondsMax=5");
        int seed = toy ? 1 : Environment.TickCount;
        int handles = server.Handles;
        long memory = server.ResidentBytes;
        long start = Stopwatch.GetTimestamp();
        var fuzz = new SocketFuzz(server.Port, seed);
        fuzz.RunAsync(toy ? ToyRequests : Requests, Workers).GetAwaiter().GetResult();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        int left = HandlesLeft(server, handles);
        string section = string.Create(CultureInfo.InvariantCulture, $"""
            Requests changed in heads, lengths, chunks and codings, {Workers} connections at a time; nobody may get more answers than a
            reader of RFC 9112 finds requests, nor one that is the server's fault. Seed {seed}, {seconds:0} s,
            {fuzz.Findings.Count} findings, {Math.Max(0, left)} handles more than before, resident memory
            {memory >> 20} MiB before and {server.ResidentBytes >> 20} MiB after. 0 is a request that waits for its end.

            | status of the first answer | times |
            |---|---|
            {string.Join('\n', fuzz.Outcomes.OrderBy(one => one.Key).Select(one => string.Create(CultureInfo.InvariantCulture, $"| {one.Key} | {one.Value:N0} |")))}

            {string.Join('\n', fuzz.Findings)}
            """);
        return (section, fuzz.Findings.Count == 0 && left <= HandlesSpare);
    }

    // Connections end a moment after their clients.
    private static int HandlesLeft(ServerProcess server, int before)
    {
        long start = Stopwatch.GetTimestamp();
        while (server.Handles > before + HandlesSpare && Stopwatch.GetElapsedTime(start) < CloseTimeMax)
        {
            Thread.Sleep(100);
        }

        return server.Handles - before;
    }
}
