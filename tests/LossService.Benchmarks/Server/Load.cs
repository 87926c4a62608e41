using System.Diagnostics;

namespace LossService.Benchmarks.Server;

/// <summary>What a load found.</summary>
/// <param name="Requests">How many were answered.</param>
/// <param name="Seconds">In which time.</param>
/// <param name="CpuSeconds">What they cost the server.</param>
/// <param name="AllocatedBytes">What the server allocated for them.</param>
/// <param name="Latencies">How long each took, in seconds.</param>
internal sealed record LoadResult(
    int Requests, double Seconds, double CpuSeconds, long AllocatedBytes, IReadOnlyList<double> Latencies)
{
    public double CpuMs => CpuSeconds / Requests * 1000;

    public double RequestsPerSecond => Requests / Seconds;

    public double AllocatedPerRequest => (double)AllocatedBytes / Requests;
}

/// <summary>A closed loop: every connection sends its next request when the last one is answered.</summary>
internal static class Load
{
    private const int Connections = 2; // one is served while the other's answer travels

    /// <summary>Loads a server for some time, and with some requests at least.</summary>
    public static LoadResult Run(ServerProcess server, byte[] request, double seconds, int requestsMin)
    {
        Reading before = server.Read();
        long start = Stopwatch.GetTimestamp();
        int left = requestsMin;
        Task<List<double>>[] loops = [.. Enumerable.Range(0, Math.Min(Connections, requestsMin)).Select(
            number => Task.Factory.StartNew(
                () => Loop(server.Connection(number), request, start, seconds, ref left), TaskCreationOptions.LongRunning))];
        double[] latencies = [.. loops.SelectMany(loop => loop.Result)];
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Reading after = server.Read();
        return new(
            latencies.Length, took, after.CpuSeconds - before.CpuSeconds, after.AllocatedBytes - before.AllocatedBytes,
            latencies);
    }

    private static List<double> Loop(Connection connection, byte[] request, long start, double seconds, ref int left)
    {
        var latencies = new List<double>();
        while (Interlocked.Decrement(ref left) >= 0 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            long sent = Stopwatch.GetTimestamp();
            int status = connection.Send(request);
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalSeconds);
            if (status != 200)
            {
                throw new InvalidOperationException($"The server answered {status}.");
            }
        }

        return latencies;
    }
}
