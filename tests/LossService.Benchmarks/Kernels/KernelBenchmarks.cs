using LossService.Benchmarks.Harness;
using LossService.Conformance.Native;

namespace LossService.Benchmarks.Kernels;

/// <summary>Loss and gradient in memory: the engine, libtorch, and a composition of array operations.</summary>
internal static class KernelBenchmarks
{
    private const int TwoThreadElementsMin = 20_000;

    /// <summary>Every row of the table that has its loss.</summary>
    public static IReadOnlyList<Row> Run(bool toy, string? filter, Action<string> say) =>
        [
            .. Cases(toy).SelectMany(make => RunOne(make, filter, toy, tuned: false, say)),
            .. Products(toy).SelectMany(make => RunProduct(make, filter, toy, say)),
        ];

    /// <summary>The rows whose time in libtorch is mostly page faults, for a process whose malloc keeps its pages.</summary>
    public static IReadOnlyList<Row> RunTuned(bool toy, string? filter, Action<string> say)
    {
        int n = toy ? 500 : 10_000_000;
        Func<KernelCase>[] cases =
        [
            () => KernelCase.BceWithLogits(n) with { TargetTuned = 5 },
            () => KernelCase.SigmoidFocal(n),
            () => KernelCase.SmoothL1(n) with { TargetTuned = 3.4 },
        ];
        return [.. cases.SelectMany(make => RunOne(make, filter, toy, tuned: true, say))];
    }

    // Made one at a time: all inputs together would be half a gigabyte.
    private static IEnumerable<Func<KernelCase>> Cases(bool toy)
    {
        int Cut(int length, int most) => toy ? Math.Min(length, most) : length;
        yield return () => KernelCase.CrossEntropy(Cut(32, 32), 10) with { Target = (55, 55) };
        yield return () => KernelCase.CrossEntropy(Cut(1024, 8), 1000) with { Target = (4.5, 4.5) };
        yield return () => KernelCase.CrossEntropy(Cut(128, 2), 50257) with { Target = (3.7, 3.7) };
        yield return () => KernelCase.CrossEntropy(Cut(8192, 4), 1000) with { Target = (4, 6) };
        yield return () => KernelCase.CrossEntropy(Cut(65536, 700), 10) with { Target = (8, 8) };
        yield return () => KernelCase.Segmentation(Cut(8, 1), 21, Cut(128, 9), Cut(128, 9));
        foreach ((int n, double bce, double focal) in new[] { (1_000, 50.0, 150.0), (100_000, 5.5, 13), (10_000_000, 9, 60) })
        {
            yield return () => KernelCase.BceWithLogits(Cut(n, 1001)) with { Target = (bce, bce) };
            yield return () => KernelCase.SigmoidFocal(Cut(n, 1001)) with { Target = (focal, focal) };
        }

        yield return () => KernelCase.SmoothL1(Cut(10_000_000, 1001)) with { Target = (10, 10) };
        yield return () => KernelCase.Distillation(Cut(1024, 8), 1000) with { Target = (6, 6) };
        yield return () => KernelCase.TripletMargin(Cut(1024, 16), 128) with { Target = (6, 6) };
        yield return () => KernelCase.NtXent(Cut(2048, 16), 128) with { Target = (1.5, 1.5) };
    }

    // What the in-batch losses are made of.
    private static IEnumerable<Func<ProductCase>> Products(bool toy)
    {
        (int rows, int depth) = toy ? (50, 20) : (2048, 128);
        yield return () => ProductCase.Similarities(rows, depth);
        yield return () => ProductCase.Symmetric(rows, depth);
        yield return () => ProductCase.Gradient(rows, depth);
    }

    private static List<Row> RunProduct(Func<ProductCase> make, string? filter, bool toy, Action<string> say)
    {
        using ProductCase given = make();
        if (filter is not null && !given.Work.Contains(filter, StringComparison.Ordinal))
        {
            return [];
        }

        say(given.Work);
        int[] threads = Environment.ProcessorCount >= 2 ? [1, 2] : [1];
        Entrant[] ours = [.. threads.Select(given.Engine)];
        Entrant[] peers = [.. threads.Select(given.Torch).OfType<Entrant>()];
        Contest contest = Contest.Hold(given.Work, [.. ours, .. peers], toy ? Pace.Toy : Pace.Full);
        return [.. peers.Zip(ours, (peer, our) => contest.Compare(given.Work, our, peer))];
    }

    private static List<Row> RunOne(
        Func<KernelCase> make, string? filter, bool toy, bool tuned, Action<string> say)
    {
        KernelCase given = make();
        string work = tuned ? $"{given.Work}, faults tuned away" : given.Work;
        if (filter is not null && !work.Contains(filter, StringComparison.Ordinal))
        {
            return [];
        }

        say(work);
        bool two = Environment.ProcessorCount >= 2 && (toy || given.Elements >= TwoThreadElementsMin);
        using var engine = new EngineSide(given);
        using TorchSide? torch = Libtorch.Available ? new TorchSide(given) : null;
        Entrant ours = engine.Run(1);
        Entrant? ours2 = two ? engine.Run(2) : null;
        Entrant? torch1 = torch?.Run(1);
        Entrant? torch2 = torch?.Run(2);
        Entrant? composed = tuned || given.Primitives is null ? null : new PrimitivesSide(given).Run();
        Entrant? check = tuned ? null : engine.RunChecked();
        Entrant?[] entrants = [ours, ours2, torch1, torch2, composed, check];
        Contest contest = Contest.Hold(work, [.. entrants.OfType<Entrant>()], toy ? Pace.Toy : Pace.Full);

        var rows = new List<Row>();
        if (torch1 is not null)
        {
            rows.Add(contest.Compare(work, ours, torch1, tuned ? given.TargetTuned : given.Target.One));
        }

        if (torch2 is not null)
        {
            rows.Add(contest.Compare(work, ours2 ?? ours, torch2, tuned ? given.TargetTuned : given.Target.Two));
        }

        rows.AddRange(new[] { composed, check }.OfType<Entrant>().Select(peer => contest.Compare(work, ours, peer)));
        return rows;
    }
}
