using System.Text.Json;
using LossService.Benchmarks.Abuse;
using LossService.Benchmarks.Digits;
using LossService.Benchmarks.Growth;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Hold;
using LossService.Benchmarks.Kernels;
using LossService.Benchmarks.Overload;
using LossService.Benchmarks.Server;
using LossService.Benchmarks.Shutdown;
using LossService.Benchmarks.Soak;
using LossService.Benchmarks.Startup;
using LossService.Conformance.Native;

namespace LossService.Benchmarks;

/// <summary>The parts of the benchmark by their names on the command line. Each writes its section when it is done, so that
/// a run that is broken off keeps what it has.</summary>
internal sealed class Parts(Options options)
{
    private const string KernelsNote = """
        Loss and gradient of one request, in microseconds. "LossService" is `Loss.Run` of a settled request with a warm pool, all that
        the engine does between the check and the codec. "faults tuned away": in a process whose malloc keeps its pages
        (MALLOC_MMAP_THRESHOLD_=4G, MALLOC_TRIM_THRESHOLD_=8G), which helps libtorch alone.
        "product": a matrix product that in-batch losses are made of, without a loss.
        """;

    private const string PiecesNote = """
        What the kernels are made of, each alone: in L1 but for the last, which sweeps 120 MB. "Loss.Run" of next to nothing is what
        stands around a kernel. "of denormals": with inputs near 1e-40, which may take at most twice as long as the row before it.
        """;

    private const string ServerNote = """
        Processor milliseconds per request of the server, which has one processor; two connections in a closed loop from another.
        The echo returns the request's bytes behind the same middleware. A target below 1 allows that much: 0.769 is "at most 1.3
        times the echo".
        """;

    private const double SoakSeconds = 3600;
    private const double ToySoakSeconds = 8;

    private readonly bool _toy = options.Toy;
    private readonly string? _filter = options.Filter;

    /// <summary>All rows that the parts run so far have found.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>What a run without --only does, in order.</summary>
    public static IReadOnlyList<string> All { get; } = ["kernels", "pieces", "digits", "server", "cost", "startup"];

    /// <summary>Runs one part.</summary>
    /// <returns>False when there is none of this name, or it found something wrong.</returns>
    public bool Run(string part)
    {
        switch (part)
        {
            case "kernels":
                Kernels();
                return true;
            case "kernels-tuned":
                Rows.AddRange(KernelBenchmarks.RunTuned(_toy, _filter, Say));
                return true;
            case "pieces":
                Publish("Pieces of kernels", $"{PiecesNote}\n\n{Pieces.Run(_toy, Say)}");
                return true;
            case "digits":
                Digits();
                return true;
            case "server":
                Server();
                return true;
            case "cost":
                Cost();
                return true;
            case "startup":
                Publish("Start-up", StartupBenchmarks.Run(_toy, Say));
                return true;
            case "shutdown":
                (bool isRight, string section) = ShutdownBenchmarks.Run(_toy, Say);
                Publish("Shutdown", section);
                return isRight;
            case "dotnet":
                return Dotnet.Run(_toy);
            case "isolation":
                return Hold("Clients kept apart", HoldBenchmarks.Isolate(_toy));
            case "fuzz":
                return Hold("Changed bodies", HoldBenchmarks.FuzzBodies(_toy, options.Count, options.Seed));
            case "cancel":
                return Hold("Clients that leave", LeaveBenchmarks.Run(_toy));
            case "overload":
                return Hold("Overload", OverloadBenchmarks.Run(_toy, _filter, Say));
            case "soak":
                return Hold("Soak", SoakBenchmarks.Run(
                    _toy, options.Seconds ?? (_toy ? ToySoakSeconds : SoakSeconds), options.Leaks, Say));
            case "abuse":
                return Hold("HTTP abuse", AbuseBenchmarks.Run(_toy, _filter, Say));
            case "memory":
                return Hold("Memory after a large request", MemoryBenchmarks.Run(_toy, Say));
            case "sockets":
                return Hold("Changed requests", SocketBenchmarks.Run(_toy));
            case "sweep":
                return SweepAll();
            default:
                Console.Error.WriteLine(Options.Usage);
                return false;
        }
    }

    private bool SweepAll()
    {
        using var found = new StringWriter();
        bool isClean = Sweep.Run(_toy, found);
        string verdict = isClean ? "As it must be." : "SOMETHING IS WRONG.";
        Publish("Every float there is", $"{string.Concat(found.ToString().TrimEnd().Split('\n').Select(line => $"    {line}\n"))}\n{verdict}");
        return isClean;
    }

    private void Kernels()
    {
        List<Row> rows = [.. KernelBenchmarks.Run(_toy, _filter, Say), .. RunTuned()];
        Rows.AddRange(rows);
        string missing = Libtorch.Available ? "" : $"\nNo libtorch: {Libtorch.Reason}\n";
        Publish("Kernels", $"{KernelsNote}\n{missing}\n{Table.Of(rows, "µs", 1e6)}");
    }

    private void Digits()
    {
        (IReadOnlyList<Row> rows, IReadOnlyList<string> notes) = DigitBenchmarks.Run(_toy, Say);
        Rows.AddRange(rows);
        Publish("Digits", $"{string.Concat(notes.Select(note => $"- {note}\n"))}\n{Table.Of(rows, "ms", 1e3)}");
    }

    private void Server()
    {
        (IReadOnlyList<Row> rows, string table) = ServerBenchmarks.Run(_toy, _filter, Say);
        Rows.AddRange(rows);
        Publish("Server", $"{ServerNote}\n\n{Table.Of(rows, "ms", 1)}\n{table}");
    }

    private void Cost()
    {
        string Temporary(string name) => Path.Combine(Path.GetTempPath(), $"lossservice-toy-{Environment.ProcessId}-{name}.svg");
        (IReadOnlyList<Row> rows, string section) = GrowthBenchmarks.Run(_toy, _toy ? Temporary : Report.PlotFile, Say);
        Rows.AddRange(rows);
        Publish("Cost as work grows", section);
        if (_toy)
        {
            File.Delete(Temporary("elements"));
            File.Delete(Temporary("requests"));
        }
    }

    // malloc reads its settings when a process starts.
    private List<Row> RunTuned()
    {
        string file = Path.GetTempFileName();
        try
        {
            (int code, string output) = Programs.Run(
                Programs.Dotnet,
                [Programs.Self, "--only", "kernels-tuned", "--json", file, .. _toy ? ["--toy"] : Array.Empty<string>(),
                    .. _filter is null ? Array.Empty<string>() : ["--filter", _filter]],
                ("MALLOC_MMAP_THRESHOLD_", "4294967296"), ("MALLOC_TRIM_THRESHOLD_", "8589934592"));
            return code == 0
                ? JsonSerializer.Deserialize<List<Row>>(File.ReadAllText(file))!
                : throw new InvalidOperationException(output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private bool Hold(string title, (string Section, bool IsClean) found)
    {
        Publish(title, found.Section);
        return found.IsClean;
    }

    private void Publish(string title, string body)
    {
        if (!_toy && _filter is null && !options.Leaks && options.Seed is null)
        {
            Report.Write(title, body);
        }

        Console.WriteLine($"\n## {title}\n\n{body}");
    }

    private static void Say(string what) => Console.Error.WriteLine($"… {what}");
}
