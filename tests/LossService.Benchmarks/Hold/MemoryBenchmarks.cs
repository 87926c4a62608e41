using System.Diagnostics;
using System.Globalization;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Hold;

/// <summary>What a service keeps of one large request: nothing for longer than a minute.</summary>
internal static class MemoryBenchmarks
{
    private const long SpareBytes = 64 << 20;
    private const int SecondsMax = 60;
    private const int ToySecondsMax = 240; // nothing about time is said of a busy machine

    /// <summary>Sends a request of 64 MiB in each format to an idle service, and waits for the memory to come back.</summary>
    /// <returns>What was found, and whether it came back in time.</returns>
    public static (string Section, bool IsClean) Run(bool toy, Action<string> say)
    {
        List<string[]> lines = [["request of 64 MiB", "resident before, MiB", "most, MiB", "seconds until at most 64 MiB above", "then, MiB"]];
        bool isClean = true;
        foreach ((string name, bool raw) in toy ? [("safetensors", true)] : new[] { ("safetensors", true), ("JSON", false) })
        {
            say($"a request of 64 MiB of {name}");
            byte[] request = raw
                ? Payload.RawRequest(Payload.Safetensors(1 << 14, 1 << 10))
                : Payload.Request(Payload.Json(1 << 13, 690));
            using ServerProcess server = ServerProcess.StartServiceWith();
            long before = server.ResidentBytes;
            using (var connection = new Connection(server.Port))
            {
                isClean &= connection.Send(request) == 200;
            }

            long start = Stopwatch.GetTimestamp();
            while (server.ResidentBytes > before + SpareBytes
                && Stopwatch.GetElapsedTime(start).TotalSeconds < (toy ? ToySecondsMax : SecondsMax))
            {
                Thread.Sleep(100);
            }

            long after = server.ResidentBytes;
            isClean &= after <= before + SpareBytes;
            string seconds = after <= before + SpareBytes ? Table.Number(Stopwatch.GetElapsedTime(start).TotalSeconds) : "**never**";
            lines.Add([name, MiB(before), MiB(server.ResidentBytesMost), seconds, MiB(after)]);
        }

        string section = $"""
            One request to an idle service, with an answer as large; resident memory of its process. The pool looks for idle
            buffers every 25 seconds.

            {Table.Of(lines)}
            """;
        return (section, isClean);
    }

    private static string MiB(long bytes) => (bytes >> 20).ToString(CultureInfo.InvariantCulture);
}
