using LossService.Benchmarks.Harness;
using LossService.Conformance.Native;

namespace LossService.Benchmarks.Server;

/// <summary>Whole requests over loopback: the service, what one writes in an afternoon, and an echo behind the same
/// middleware, loaded in turns.</summary>
internal static class ServerBenchmarks
{
    // Many short turns where a request is short, fewer and longer ones where it takes half a second.
    private static readonly Case[] Cases =
    [
        new(32, 10, false, 4, 1.3, 25, 0.25),
        new(256, 100, false, 5, 4, 15, 0.3),
        new(1024, 1000, false, 5.5, 3.5, 7, 0.6),
        new(32, 10, true, null, null, 25, 0.25),
        new(1024, 1000, true, 45, 1.2, 7, 0.6),
    ];

    /// <summary>Processor milliseconds per request, and the table of everything else.</summary>
    public static (IReadOnlyList<Row> Rows, string Table) Run(bool toy, string? filter, Action<string> say)
    {
        using ServerProcess ours = ServerProcess.StartService(ServerProcess.Service);
        using ServerProcess? naive = Libtorch.Available ? ServerProcess.StartPeer("naive") : null;
        using ServerProcess echo = ServerProcess.StartPeer("echo");
        ServerProcess[] servers = [.. new[] { ours, naive, echo }.OfType<ServerProcess>()];
        var rows = new List<Row>();
        List<string[]> lines = [["work", "server", "requests/s", "p50 ms", "p99 ms", "allocated/request", "requests"]];
        bool rawToo = Payload.IsRawTaken(ours);
        foreach (Case one in Cases.Where(one => rawToo || !one.Raw))
        {
            int count = toy ? Math.Min(one.Rows, 4) : one.Rows;
            string work = $"cross_entropy {(one.Raw ? "safetensors" : "JSON")} ({count},{one.Classes})";
            if (filter is not null && !work.Contains(filter, StringComparison.Ordinal))
            {
                continue;
            }

            say(work);
            byte[] text = Payload.Request(Payload.Json(count, one.Classes));
            byte[] body = one.Raw ? Payload.Safetensors(count, one.Classes) : Payload.Json(count, one.Classes);
            byte[] request = one.Raw ? Payload.RawRequest(body) : text;
            byte[] RequestOf(ServerProcess server) => server == naive ? text : request; // naive knows JSON alone
            var results = servers.ToDictionary(server => server, _ => new List<LoadResult>());
            foreach (ServerProcess server in toy ? [] : servers)
            {
                WarmUp(server, RequestOf(server));
            }

            for (int round = 0; round < (toy ? 1 : one.Rounds); round++)
            {
                for (int k = 0; k < servers.Length; k++)
                {
                    ServerProcess server = servers[(k + round) % servers.Length];
                    results[server].Add(Load.Run(server, RequestOf(server), toy ? 0 : one.TurnSeconds, 2));
                }
            }

            if (naive is not null)
            {
                rows.Add(Compare(work, "naive", results[ours], results[naive], one.NaiveTarget) with
                {
                    OursSaid = [Payload.LossOf(Answer(ours, request), one.Raw)],
                    PeerSaid = [Payload.LossOf(Answer(naive, text), raw: false)],
                });
            }

            rows.Add(Compare(work, "echo", results[ours], results[echo], one.EchoTarget is { } most ? Math.Round(1 / most, 3) : null) with
            {
                OursSaid = [body.Length],
                PeerSaid = [Answer(echo, request).Length],
            });
            lines.AddRange(servers.Select(server => Line(work, server.Name, results[server])));
        }

        return (rows, Table.Of(lines) + (rawToo ? "" : "\nThe service does not take safetensors yet.\n"));
    }

    /// <summary>Loads with rests between, in which a server gets round to compiling: on one processor the runtime counts
    /// calls only after a second without a new method, and compiles what was called often twice.</summary>
    public static void WarmUp(ServerProcess server, byte[] request)
    {
        for (int turn = 0; turn < 4; turn++)
        {
            Load.Run(server, request, 0.25, 1);
            Thread.Sleep(1200);
        }
    }

    private static Row Compare(
        string work, string peer, List<LoadResult> ours, List<LoadResult> theirs, double? target)
    {
        double[] mine = [.. ours.Select(result => result.CpuMs)];
        double[] other = [.. theirs.Select(result => result.CpuMs)];
        return new(work, peer, 1, Spread.Of(mine).Median, Spread.Of(other).Median,
            Spread.Of([.. other.Zip(mine, (their, my) => their / my)]), target);
    }

    private static string[] Line(string work, string server, List<LoadResult> results)
    {
        double[] latencies = [.. results.SelectMany(result => result.Latencies).Order()];
        double allocated = Spread.Of([.. results.Select(result => result.AllocatedPerRequest)]).Median;
        return
        [
            work, server, Table.Number(Spread.Of([.. results.Select(result => result.RequestsPerSecond)]).Median),
            Table.Number(Spread.At(latencies, 0.5) * 1000), Table.Number(Spread.At(latencies, 0.99) * 1000),
            $"{Table.Number(allocated / 1024)} KiB", $"{latencies.Length}",
        ];
    }

    private static byte[] Answer(ServerProcess server, byte[] request)
    {
        using var connection = new Connection(server.Port);
        using var body = new MemoryStream();
        int status = connection.Send(request, body);
        return status == 200 ? body.ToArray() : throw new InvalidOperationException($"{server.Name} answered {status}.");
    }

    /// <summary>A payload, by how much naive's cost and ours may differ, how often ours may be an echo's, and the turns.</summary>
    private sealed record Case(
        int Rows, int Classes, bool Raw, double? NaiveTarget, double? EchoTarget, int Rounds, double TurnSeconds);
}
