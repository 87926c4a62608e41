using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Startup;

/// <summary>How soon the service answers, and what it holds while nobody asks: compiled at run time, and ahead of time.</summary>
internal static class StartupBenchmarks
{
    private const int Starts = 5;
    private const int IdleMs = 2000;

    /// <summary>The section of the report.</summary>
    public static string Run(bool toy, Action<string> say)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("lossservice-publish-");
        try
        {
            var programs = new List<(string Name, string Dll)> { ("plain", ServerProcess.Service) };
            string note = "";
            if (!toy)
            {
                say("publishing with ReadyToRun");
                note = Publish(folder.FullName) is { } failure ? $"\nReadyToRun was not measured: {failure}\n" : "";
                if (note.Length == 0)
                {
                    programs.Add(("ReadyToRun", Path.Combine(folder.FullName, "LossService.Api.dll")));
                }
            }

            return Measure(programs, toy, say) + note;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Measure(List<(string Name, string Dll)> programs, bool toy, Action<string> say)
    {
        byte[] request = Payload.Request(Payload.Json(2, 3));
        var starts = programs.ToDictionary(program => program, _ => new List<(double Answer, double Ready, double MiB)>());
        for (int round = 0; round < (toy ? 1 : Starts); round++)
        {
            foreach ((string Name, string Dll) program in programs)
            {
                say($"start {round + 1}, {program.Name}");
                using ServerProcess server = ServerProcess.StartService(program.Dll, withGauge: false, request);
                Thread.Sleep(toy ? 0 : IdleMs);
                starts[program].Add(
                    (server.StartSeconds.Answer, server.StartSeconds.Ready, server.ResidentBytes / 1048576.0));
            }
        }

        List<string[]> lines = [["service", "first loss answered, s", "ready, s", "idle memory (RSS), MiB", "starts"]];
        lines.AddRange(programs.Select(program => (string[])
        [
            program.Name,
            Text(starts[program].Select(start => start.Answer)),
            Text(starts[program].Select(start => start.Ready)),
            Text(starts[program].Select(start => start.MiB)),
            $"{starts[program].Count}",
        ]));
        return "Median (min..max), on one processor, from the start of the process.\n\n" + Table.Of(lines);
    }

    private static string Text(IEnumerable<double> values)
    {
        var spread = Spread.Of([.. values]);
        return $"{Table.Number(spread.Median)} ({Table.Number(spread.Min)}..{Table.Number(spread.Max)})";
    }

    // Null when it worked.
    private static string? Publish(string folder)
    {
        string project = Path.Combine(Machine.Repository, "src", "LossService.Api");
        (int code, string output) = Programs.Run(
            Programs.Dotnet,
            [
                "publish", project, "-c", "Release", "-r", "linux-x64", "--self-contained", "false",
                "-p:PublishReadyToRun=true", "-p:RestorePackagesWithLockFile=false", "-o", folder, "--artifacts-path", Path.Combine(folder, "build"), "-m:1", "-nologo",
            ],
            ("MSBUILDDISABLENODEREUSE", "1"));
        return code == 0 ? null : output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal), output);
    }
}
