using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Startup;

/// <summary>How soon the service answers, how fast its first answers are, and what it holds while nobody asks: with the
/// settings that decide about it, in turns.</summary>
internal static class StartupBenchmarks
{
    private const int Starts = 3;

    private const string Note = """
        On one processor; medians of all starts, seconds from the start of the process. "Processor s": what it had used when
        it was ready; unlike the seconds, this hardly depends on what else the machine does. A route's first request comes
        right after readiness and is compared with its settled latency; the thousand requests are of (32,10), right behind
        those, and "settled" is what one of them costs in the end. Memory is resident, at readiness.
        The service itself warms up in one round.
        """;

    /// <summary>The section of the report.</summary>
    public static string Run(bool toy, Action<string> say)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("lossservice-publish-");
        try
        {
            var variants = new List<Variant> { new("as built", ServerProcess.Service) };
            string note = "";
            if (!toy)
            {
                variants.AddRange(
                [
                    new("profiles off", ServerProcess.Service, ("DOTNET_TieredPGO", "0")),
                    new("tiers off", ServerProcess.Service, ("DOTNET_TieredCompilation", "0")),
                    new("no warm-up", ServerProcess.Service, ("WarmUpRounds", "0")),
                    new("warm-up of 2 rounds", ServerProcess.Service, ("WarmUpRounds", "2")),
                    new("warm-up of 3 rounds", ServerProcess.Service, ("WarmUpRounds", "3")),
                ]);
                say("publishing with ReadyToRun");
                note = Publish(folder.FullName) is { } failure ? $"\nReadyToRun was not measured: {failure}\n" : "";
                if (note.Length == 0)
                {
                    variants.Add(new("ReadyToRun", Path.Combine(folder.FullName, "LossService.Api.dll")));
                }
            }

            return $"{Note}\n\n{Measure(variants, toy, say)}{note}";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Measure(List<Variant> variants, bool toy, Action<string> say)
    {
        byte[] request = Payload.Request(Payload.Json(2, 3));
        var starts = variants.ToDictionary(variant => variant, _ => new List<Start>());
        for (int round = 0; round < (toy ? 1 : Starts); round++)
        {
            foreach (Variant variant in variants)
            {
                say($"start {round + 1}, {variant.Name}");
                using ServerProcess server = ServerProcess.StartService(
                    variant.Dll, withGauge: false, request, variant.Environment);
                (double cpu, double memory) = (server.CpuSeconds, server.ResidentBytes / 1048576.0);
                starts[variant].Add(new(server.StartSeconds, cpu, memory, FirstRequests.Send(server, toy)));
            }
        }

        List<string[]> lines =
        [
            ["service", "first loss answered, s", "ready, s", "processor s", "a route's first request, ms (worst)",
                "times its settled latency (worst)", "1000 requests, p50 ms", "p99 ms", "settled, processor ms", "memory, MiB"],
        ];
        lines.AddRange(variants.Select(variant => Line(variant.Name, starts[variant])));
        return Table.Of(lines);
    }

    private static string[] Line(string name, List<Start> starts)
    {
        string Median(Func<Start, double> value) => Table.Number(Spread.Of([.. starts.Select(value)]).Median);
        return
        [
            name, Median(one => one.Seconds.Answer), Median(one => one.Seconds.Ready), Median(one => one.Cpu),
            $"{Median(one => one.First.Milliseconds.Median)} ({Median(one => one.First.Milliseconds.Max)})",
            $"{Median(one => one.First.Ratio.Median)} ({Median(one => one.First.Ratio.Max)})",
            Median(one => one.First.ThousandP50), Median(one => one.First.ThousandP99), Median(one => one.First.SettledCpuMs),
            Median(one => one.MiB),
        ];
    }

    // Null when it worked.
    private static string? Publish(string folder)
    {
        string project = Path.Combine(Machine.Repository, "src", "LossService.Api");
        (int code, string output) = Programs.Run(
            Programs.Dotnet,
            [
                "publish", project, "-c", "Release", "-r", "linux-x64", "--self-contained", "false",
                "-p:PublishReadyToRun=true", "-p:NuGetLockFilePath=obj/ahead.lock.json", "-o", folder, "--artifacts-path", Path.Combine(folder, "build"), "-m:1", "-nologo",
            ],
            ("MSBUILDDISABLENODEREUSE", "1"));
        return code == 0 ? null : output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal), output);
    }

    private sealed record Variant(string Name, string Dll, params (string Name, string Value)[] Environment);

    private sealed record Start(
        (double Answer, double Ready) Seconds, double Cpu, double MiB, FirstRequests First);
}
