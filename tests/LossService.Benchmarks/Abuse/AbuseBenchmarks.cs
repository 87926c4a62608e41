using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using HdrHistogram;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Overload;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Abuse;

/// <summary>What healthy callers notice of attacks: slow clients, idle crowds, floods of HTTP/2 frames, bodies in chunks of one
/// byte, and those that unpack to a thousand times what they weigh.</summary>
internal static class AbuseBenchmarks
{
    private const string Loss = "/v1/losses/cross_entropy";
    private const double MiB = 1 << 20;
    private const double Rate = 200;
    private const double RatioMax = 1.2; // p99 of others under attack to that without
    private const int ConnectionsMax = 512;

    // What they allocate fills the 64 MiB that lie between two collections: those are the process's, not the crowd's.
    private const int SettlingRequests = 20_000;

    private static readonly byte[] Small = Payload.Request(Payload.Json(32, 10));

    private const string Note = """
        A process a line, on one processor; attackers and healthy callers with 200 small requests a second share the other. Latencies
        in milliseconds from when a request was due, during the attack and while there is none, half of the latter before it and half
        behind it; 90 s of slow clients and 30 s of floods, since of the former tenths of a millisecond matter. A first attack of
        20 s is not counted: in it the runtime compiles. A body of chunks or of gzip is sent once, within 5 s behind 5 s without; one
        before it is not counted. The server also spends its processor on what it refuses.
        Slow clients are those of slowhttptest, 1,000 connections at a time, again when the last is let go; floods are one connection after
        the other, as fast as they go, on a port of its own that speaks HTTP/2 without TLS (the service speaks HTTP/1.1 unless
        configured otherwise).
        """;

    /// <summary>Runs all attacks.</summary>
    /// <returns>The section of the report, and whether every healthy request was answered.</returns>
    public static (string Section, bool IsClean) Run(bool toy, string? filter, Action<string> say)
    {
        using IDisposable aside = ServerProcess.KeepAside(measures: !toy);
        double floodSeconds = toy ? 0.5 : 30;
        double slowSeconds = toy ? 0.5 : 90;
        int crowd = toy ? 20 : 1000;
        List<string[]> lines = [["attack", "p50 idle", "p50 during", "p99 idle", "p99 during", "p99 ratio", "target", "failed", "server's processor", "most resident, MiB", "what became of it"]];
        var failures = new List<string>();
        void Attack(string name, double seconds, Func<ServerProcess, IAttack> attack, params string[] settings)
        {
            if (!Includes(filter, name))
            {
                return;
            }

            say(name);
            using ServerProcess server = ServerProcess.StartServiceWith([.. settings, "WarmUpRounds=1"]);
            lines.Add(Measure(name, server, attack, seconds, toy, failures));
        }

        foreach ((string name, string[] arguments) in toy ? SlowClients.Take(1) : SlowClients)
        {
            if (Programs.Run("slowhttptest", ["-h"]).Code == -1)
            {
                lines.Add([name, .. Enumerable.Repeat("", 9), "slowhttptest is missing"]);
                continue;
            }

            Attack(name, slowSeconds, server => new SlowClient(server.Port, arguments, crowd));
        }

        foreach (Http2Flood.Kind kind in toy ? [Http2Flood.Kind.RapidReset] : Enum.GetValues<Http2Flood.Kind>())
        {
            int port = ServerProcess.FreePort();
            Attack(
                $"HTTP/2: {kind}", floodSeconds, _ => new Flooding(new(port, kind)), "Kestrel:Endpoints:one:Url=http://127.0.0.1:{port}",
                $"Kestrel:Endpoints:two:Url=http://127.0.0.1:{port}", "Kestrel:Endpoints:two:Protocols=Http2");
        }

        string crowds = Includes(filter, "idle") ? Crowds(toy, say, failures) : "";
        string bodies = Bodies(toy, filter, say, failures);
        string section = $"""
            {Note}

            {Table.Of(lines)}
            {crowds}
            {bodies}
            {(failures.Count == 0 ? "Every healthy request was answered." : string.Join('\n', failures))}
            """;
        return (section, failures.Count == 0);
    }

    private static bool Includes(string? filter, string name) => filter is null || name.Contains(filter, StringComparison.Ordinal);

    private static IEnumerable<(string Name, string[] Arguments)> SlowClients =>
    [
        ("slow heads (-H)", ["-H", "-t", "GET", "-i", "10"]),
        ("slow bodies (-B)", ["-B", "-t", "POST", "-f", "application/json", "-s", "65536", "-i", "10", "-x", "24"]),
        ("slow readers (-X)", ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"]),
    ];

    private static string[] Measure(
        string name, ServerProcess server, Func<ServerProcess, IAttack> start, double seconds, bool toy, List<string> failures)
    {
        Healthy(server, Math.Min(3, seconds)); // compiles
        using (start(server))
        {
            Healthy(server, Math.Min(20, seconds));
        }

        Thread.Sleep(TimeSpan.FromSeconds(Math.Min(2, seconds))); // until all have gone
        OpenLoopResult quiet = Healthy(server, seconds / 2);
        OpenLoopResult during;
        string became;
        double share;
        using (IAttack attack = start(server))
        {
            Thread.Sleep(TimeSpan.FromSeconds(Math.Min(6, seconds))); // until all have come
            double cpu = server.CpuSeconds;
            long begun = Stopwatch.GetTimestamp();
            during = Healthy(server, seconds);
            share = (server.CpuSeconds - cpu) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
            became = $"{attack}";
            if (!toy && attack is SlowClient { IsReader: false, TimesLetGo: 0 })
            {
                failures.Add($"{name}: the service holds its attackers.");
            }
        }

        Thread.Sleep(TimeSpan.FromSeconds(Math.Min(2, seconds)));
        quiet.Answered.Add(Healthy(server, seconds / 2).Answered);
        // A busy machine may have the service refuse some; that says nothing at toy size.
        if (during.Lost > 0 || (!toy && Failed(during) > 0))
        {
            failures.Add($"{name}: {Failed(during)} healthy requests failed.");
        }

        return
        [
            name, Table.Number(At(quiet, 50)), Table.Number(At(during, 50)), .. Compare(quiet, during), $"{Failed(during)}",
            string.Create(CultureInfo.InvariantCulture, $"{100 * share:0} %"), Table.Number(server.ResidentBytesMost / MiB), became,
        ];
    }

    private static OpenLoopResult Healthy(ServerProcess server, double seconds) =>
        new OpenLoop(server.Port, Small, ConnectionsMax).Run(Rate, seconds);

    private static double At(OpenLoopResult result, double percentile) => result.Answered.GetValueAtPercentile(percentile) / 1000.0;

    // Both p99, their ratio, and whether that is low enough.
    private static string[] Compare(OpenLoopResult quiet, OpenLoopResult during)
    {
        double ratio = At(during, 99) / At(quiet, 99);
        return
        [
            Table.Number(At(quiet, 99)), Table.Number(At(during, 99)), $"**{Table.Number(ratio)}x**",
            string.Create(CultureInfo.InvariantCulture, $"{RatioMax}x {(ratio <= RatioMax ? "reached" : "**missed**")}"),
        ];
    }

    private static long Failed(OpenLoopResult result) => result.Lost + result.Refused.TotalCount;

    // Idle connections, up to the limit and beyond.
    private static string Crowds(bool toy, Action<string> say, List<string> failures)
    {
        List<string[]> lines = [["idle connections", "limit", "open", "refused", "resident memory each, KiB"]];
        foreach ((int wanted, int limit) in toy ? [(100, 50)] : new[] { (20_000, 2048), (15_000, 1 << 20) })
        {
            say(string.Create(CultureInfo.InvariantCulture, $"{wanted} idle connections, limit {limit}"));
            using ServerProcess server = ServerProcess.StartServiceWith(string.Create(CultureInfo.InvariantCulture, $"Limits:ConnectionsMax={limit}"));
            using var healthy = new Connection(server.Port); // there before the crowd
            bool isAnswered = true;
            for (int request = 0; request < (toy ? 1 : SettlingRequests); request++)
            {
                isAnswered &= healthy.Send(Small) == 200;
            }

            long before = server.ResidentBytes;
            var open = new List<Socket>();
            int refused = 0;
            for (int number = 0; number < wanted; number++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                // Sources of their own, or the ports of one would run out.
                socket.Bind(new IPEndPoint(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.{1 + (number / 10_000)}.1")), 0));
                socket.Connect(IPAddress.Loopback, server.Port);
                open.Add(socket);
                if (open.Count % 500 == 0 || number == wanted - 1)
                {
                    Thread.Sleep(300); // for the server to say no
                    refused += open.RemoveAll(IsClosed);
                }
            }

            double each = (server.ResidentBytes - before) / 1024.0 / open.Count;
            lines.Add([$"{wanted}", $"{limit}", $"{open.Count}", $"{refused}", Table.Number(each)]);
            isAnswered &= healthy.Send(Small) == 200;
            if (!isAnswered || open.Count > limit)
            {
                failures.Add($"{wanted} idle connections: a healthy caller {(isAnswered ? "was" : "was not")} answered, {open.Count} open.");
            }

            open.ForEach(socket => socket.Dispose());
        }

        return Table.Of(lines);
    }

    private static bool IsClosed(Socket socket)
    {
        if (socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0)
        {
            socket.Dispose();
            return true;
        }

        return false;
    }

    // A body that takes six bytes of wire for each of its own, and one that takes a thousandth of one.
    private static string Bodies(bool toy, string? filter, Action<string> say, List<string> failures)
    {
        List<string[]> lines =
        [
            ["body", "answered", "server's processor, s", "ns an element", "resident memory grew by, MiB", "p99 idle", "p99 during", "p99 ratio", "target"],
        ];
        byte[] json = Payload.Json(32, 10);
        if (Includes(filter, "chunks"))
        {
            int chunks = toy ? 30_000 : 30 << 20;
            Add($"{chunks} chunks of one byte", chunks, 200, port => Connection.SendChunks(port, Loss, json, chunks));
        }

        if (Includes(filter, "bomb"))
        {
            int blanks = 300 << 20; // more than the service takes in
            byte[] bomb = Bomb(json, blanks);
            Add(
                $"{bomb.Length} bytes of gzip, {blanks} unpacked", blanks, 413,
                port => Connection.SendPacked(port, Loss, bomb, "gzip"));
        }

        return lines.Count == 1 ? "" : Table.Of(lines);

        void Add(string name, int elements, int expected, Func<int, int> send)
        {
            say(name);
            using ServerProcess server = ServerProcess.StartServiceWith();
            double seconds = toy ? 0.5 : 5;
            Healthy(server, seconds); // compiles
            long memory = server.ResidentBytes;
            Background.Start(() => send(server.Port)).Wait(); // compiles too
            OpenLoopResult quiet = Healthy(server, seconds);
            double cpu = server.CpuSeconds;
            Task<OpenLoopResult> others = Task.Run(() => Healthy(server, seconds));
            int status = 0;
            Background.Start(() => status = send(server.Port)).Wait();
            cpu = server.CpuSeconds - cpu;
            if (status != expected || others.Result.Lost > 0)
            {
                failures.Add($"{name}: answered {status}, {others.Result.Lost} healthy requests failed.");
            }

            lines.Add(
            [
                name, $"{status}", Table.Number(cpu), Table.Number(cpu / elements * 1e9),
                Table.Number(Math.Max(0, server.ResidentBytesMost - memory) / MiB), .. Compare(quiet, others.Result),
            ]);
        }
    }

    private static byte[] Bomb(byte[] json, int blanks)
    {
        using var packed = new MemoryStream();
        using (var packing = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            packing.Write(json);
            byte[] block = new byte[1 << 20];
            block.AsSpan().Fill((byte)' ');
            for (int written = 0; written < blanks; written += block.Length)
            {
                packing.Write(block);
            }
        }

        return packed.ToArray();
    }

    /// <summary>Goes on until it is disposed; says in the end what became of it.</summary>
    private interface IAttack : IDisposable;

    private sealed class Flooding : IAttack
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Http2Flood _flood;
        private readonly Task _running;

        public Flooding(Http2Flood flood)
        {
            _flood = flood;
            _running = Background.Start(() => _flood.Run(_stop.Token));
        }

        public override string ToString() => $"{_flood}";

        public void Dispose()
        {
            _stop.Cancel();
            _running.Wait();
            _stop.Dispose();
        }
    }

    // One after the other, by a shell that tells of each: it ends when the server has closed all its connections.
    private sealed class SlowClient : IAttack
    {
        private readonly Process _process;
        private int _timesLetGo;

        public SlowClient(int port, string[] arguments, int connections)
        {
            IsReader = arguments[0] == "-X";
            string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
            string path = IsReader ? "/openapi/v1.json" : Loss;
            string[] again = ["sh", "-c", "while true; do \"$@\" > /dev/null; echo; done", "sh"];
            string[] attack = ["slowhttptest", .. arguments, "-c", Text(connections), "-r", "250", "-l", "600", "-p", "3", "-u", $"http://127.0.0.1:{Text(port)}{path}"];
            _process = Process.Start(new ProcessStartInfo(Background.Starter.Name, [.. Background.Starter.Arguments, .. again, .. attack])
            {
                RedirectStandardOutput = true,
            })!;
            _process.OutputDataReceived += (_, line) => _timesLetGo += line.Data is null ? 0 : 1;
            _process.BeginOutputReadLine();
        }

        /// <summary>True for one who reads: he may take as long as all that waits for him takes at the least rate, more than a
        /// minute.</summary>
        public bool IsReader { get; }

        /// <summary>How often the service has ended all connections of an attack.</summary>
        public int TimesLetGo => _timesLetGo;

        public override string ToString() => IsReader ? "" : $"let go {_timesLetGo} times";

        public void Dispose()
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
