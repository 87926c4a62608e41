using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Kernels;
using LossService.Benchmarks.Server;
using LossService.Conformance.Native;

namespace LossService.Benchmarks.Growth;

/// <summary>What an element costs as there are more of them, and how many requests a second as they grow.</summary>
internal static class GrowthBenchmarks
{
    private const int ProductDepth = 128;
    private const int TorchElementsMax = 1_000_000; // a second a pass beyond

    /// <summary>The section of the report; plots go where the function says.</summary>
    public static (IReadOnlyList<Row> Rows, string Section) Run(bool toy, Func<string, string> plotFile, Action<string> say)
    {
        var rows = new List<Row>();
        string section = Elements(toy, rows, plotFile, say) + "\n" + Requests(toy, plotFile, say);
        return (rows, section);
    }

    private static string Elements(bool toy, List<Row> rows, Func<string, string> plotFile, Action<string> say)
    {
        int[] sizes = toy ? [100, 1000] : [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
        (string Name, Func<int, KernelCase> Make)[] families =
        [
            ("cross_entropy, 10 classes", n => KernelCase.CrossEntropy(n / 10, 10)),
            ("cross_entropy, 100 classes", n => KernelCase.CrossEntropy(n / 100, 100)),
            ("sigmoid_focal_loss", KernelCase.SigmoidFocal),
        ];
        (string Name, Action<int, Action<string, double>> Measure)[] works =
        [
            .. families.Select(family => (
                family.Name, (Action<int, Action<string, double>>)((size, found) => Measure(family.Make(size), toy, rows, found)))),
            ($"product of depth {ProductDepth}", (size, found) => MeasureProduct(size, toy, rows, found)),
        ];
        var curves = new List<Curve>();
        List<string[]> lines = [["ns an element", .. sizes.Select(size => $"{size:N0}")]];
        foreach ((string name, Action<int, Action<string, double>> measure) in works)
        {
            var costs = new SortedDictionary<string, List<(double, double)>>(StringComparer.Ordinal);
            foreach (int size in sizes)
            {
                say($"{name} {size}");
                measure(size, (who, seconds) =>
                {
                    costs.TryAdd($"{name}, {who}", []);
                    costs[$"{name}, {who}"].Add((size, seconds / size * 1e9));
                });
            }

            foreach ((string who, List<(double X, double Y)> points) in costs)
            {
                curves.Add(new(who, points));
                lines.Add([who, .. sizes.Select(size => points.Where(point => point.X == size)
                    .Select(point => Table.Number(point.Y)).FirstOrDefault("–"))]);
            }
        }

        string file = plotFile("elements");
        Plot.Write(file, "Loss and gradient: time per element", "elements", "ns per element", curves);
        return $"{Table.Of(lines)}\n![time per element]({Path.GetFileName(file)})\n";
    }

    private static void Measure(KernelCase given, bool toy, List<Row> rows, Action<string, double> found)
    {
        using var engine = new EngineSide(given);
        using TorchSide? torch =
            Libtorch.Available && given.Elements <= TorchElementsMax ? new TorchSide(given) : null;
        Entrant one = engine.Run(1);
        Entrant? two = Environment.ProcessorCount >= 2 ? engine.Run(2) : null;
        Entrant? peer = torch?.Run(1);
        Hold(given.Work, one, two, peer, toy, rows, found);
    }

    // As near to a square of this many elements as whole rows allow; the cost is told for the size asked for.
    private static void MeasureProduct(int size, bool toy, List<Row> rows, Action<string, double> found)
    {
        using ProductCase given = ProductCase.Similarities((int)Math.Round(Math.Sqrt(size)), ProductDepth);
        Entrant? two = Environment.ProcessorCount >= 2 ? given.Engine(2) : null;
        Entrant? peer = given.Elements <= TorchElementsMax ? given.Torch(1) : null;
        double share = (double)size / given.Elements;
        Hold(given.Work, given.Engine(1), two, peer, toy, rows, (who, seconds) => found(who, seconds * share));
    }

    private static void Hold(
        string work, Entrant one, Entrant? two, Entrant? peer, bool toy, List<Row> rows, Action<string, double> found)
    {
        Contest contest = Contest.Hold(
            work, [.. new[] { one, two, peer }.OfType<Entrant>()], toy ? Pace.Toy : Pace.Quick);
        found("1 thread", Spread.Of(contest.Seconds(one)).Median);
        if (two is not null)
        {
            found("2 threads", Spread.Of(contest.Seconds(two)).Median);
        }

        if (peer is not null)
        {
            found("libtorch 1 thread", Spread.Of(contest.Seconds(peer)).Median);
            rows.Add(contest.Compare(work, one, peer));
        }
    }

    private static string Requests(bool toy, Func<string, string> plotFile, Action<string> say)
    {
        const int Classes = 10;
        int[] sizes = toy ? [2] : [8, 32, 128, 512, 2_048, 8_192, 32_768, 131_072];
        using ServerProcess ours = ServerProcess.StartService(ServerProcess.Service);
        using ServerProcess echo = ServerProcess.StartPeer("echo");
        bool rawToo = Payload.IsRawTaken(ours);
        (string Name, ServerProcess Server, bool Raw)[] entrants =
        [
            ("LossService JSON", ours, false), ("echo JSON", echo, false),
            .. rawToo ? [("LossService safetensors", ours, true), ("echo safetensors", echo, true)]
                : Array.Empty<(string, ServerProcess, bool)>(),
        ];
        List<(double X, double Y)>[] points = [.. entrants.Select(_ => new List<(double, double)>())];
        List<string[]> lines =
            [["rows of 10 classes", "JSON bytes", .. entrants.SelectMany(one => (string[])[$"{one.Name} requests/s", "CPU ms"])]];
        // Whatever comes first finds servers that have not settled, however long it is warmed by itself: the first size runs
        // once before it counts.
        foreach ((_, ServerProcess server, bool raw) in entrants)
        {
            LoadOne(server, Request(sizes[0], raw), toy);
        }

        foreach (int size in sizes)
        {
            say($"requests of {size} rows");
            var line = new List<string> { $"{size:N0}", $"{Payload.Json(size, Classes).Length:N0}" };
            for (int i = 0; i < entrants.Length; i++)
            {
                LoadResult[] turns = LoadOne(entrants[i].Server, Request(size, entrants[i].Raw), toy);
                double rate = Spread.Of([.. turns.Select(turn => turn.RequestsPerSecond)]).Median;
                points[i].Add((size * Classes, rate));
                line.Add(Table.Number(rate));
                line.Add(Table.Number(Spread.Of([.. turns.Select(turn => turn.CpuMs)]).Median));
            }

            lines.Add([.. line]);
        }

        string file = plotFile("requests");
        Plot.Write(file, "cross_entropy of 10 classes: requests per second against size", "elements", "requests per second",
            [.. entrants.Select((one, i) => new Curve(one.Name, points[i]))]);
        return $"{Table.Of(lines)}\n![requests per second]({Path.GetFileName(file)})\n";

        byte[] Request(int size, bool raw) => raw
            ? Payload.RawRequest(Payload.Safetensors(size, Classes)) : Payload.Request(Payload.Json(size, Classes));
    }

    private static LoadResult[] LoadOne(ServerProcess server, byte[] request, bool toy)
    {
        if (!toy)
        {
            ServerBenchmarks.WarmUp(server, request);
        }

        return [.. Enumerable.Range(0, toy ? 1 : 3).Select(_ => Load.Run(server, request, toy ? 0 : 0.3, 1))];
    }
}
