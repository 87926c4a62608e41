using LossService.Benchmarks.Harness;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Benchmarks.Kernels;

/// <summary>What the kernels are made of, each alone: the bounds that explain a row of the table.</summary>
internal static class Pieces
{
    private const int Items = 2048; // a block: it stays in L1
    private const int Classes = 10;
    private const int Stride = 192; // rows of a block of ten classes
    private const int LargeItems = 10_000_000;

    /// <summary>A table of nanoseconds.</summary>
    public static string Run(bool toy, Action<string> say)
    {
        Pace pace = toy ? Pace.Toy : Pace.Quick with { Seconds = 1, RoundsMax = 41 };
        List<string[]> lines = [["piece", "least ns", "median ns", "items"]];
        IEnumerable<(string Name, Action Work, int Elements)> all = Wide.IsFast
            ? All<WideSingleLane>(toy) : All<SingleLane>(toy);
        foreach ((string name, Action work, int elements) in all)
        {
            say(name);
            var alone = new Local(name, work, () => []);
            Spread seconds = Spread.Of(Contest.Hold(name, [alone], pace).Seconds(alone));
            string Cost(double all) => Table.Number(all / elements * 1e9);
            lines.Add([name, Cost(seconds.Min), Cost(seconds.Median), $"{elements:N0}"]);
        }

        return Table.Of(lines);
    }

    private static IEnumerable<(string Name, Action Work, int Elements)> All<V>(bool toy)
        where V : struct, IVectorLane<V, float> =>
        InL1<V>().Concat(Whole()).Concat(Denormal(toy)).Append(Sweep<V>(toy));

    private static IEnumerable<(string Name, Action Work, int Elements)> InL1<V>()
        where V : struct, IVectorLane<V, float>
    {
        float[] scores = Given.Numbers("scores", 1, 2, Items).Floats!;
        float[] results = new float[Items + 16];
        float[] columns = new float[(Classes + 1) * Stride];
        float[] own = new float[Stride];
        float[] gaps = new float[Stride];
        float[] rests = new float[Stride];
        double sum = 0;
        yield return ("addition that waits for the one before", () => sum += Chain<V>(scores), Items / V.Count);
        yield return ("Rows.Max", () => sum += Rows.Max<float, V>(scores), Items);
        yield return ("Rows.ExpSum", () => sum += Rows.ExpSum<float, V>(scores, 8f, -1, results), Items);
        yield return ("Rows.ExpSum of a temperature",
            () => sum += Rows.ExpSum<float, V>(scores, 0.25f, results).Total, Items);
        yield return ("Rows.Scale", () => Rows.Scale<float, V>(scores, 0.5f, results), Items);
        yield return ("Sums.OfBlock", () => sum += Sums.OfBlock<float>(scores), Items);
        yield return ("Columns.FromRows",
            () => Columns.FromRows<float>(scores, Classes, Stride, columns, Stride), Classes * Stride);
        yield return ("Columns.Softmax",
            () => Columns.Softmax<float, V>(columns, Stride, Classes, Stride, own, gaps, rests),
            Classes * Stride);
        yield return ("Columns.ToRows",
            () => Columns.ToRows<float>(columns, Stride, Classes, Stride, results), Classes * Stride);
    }

    // With next to nothing to compute, a call is what stands around the kernel.
    private static IEnumerable<(string Name, Action Work, int Elements)> Whole()
    {
        KernelCase[] cases =
        [
            KernelCase.CrossEntropy(1, Classes), KernelCase.BceWithLogits(8),
        ];
        foreach (KernelCase given in cases)
        {
            using var engine = new EngineSide(given);
            Entrant call = engine.Run(1);
            yield return ($"Loss.Run {given.Work}", () => call.Time(1), 1);
        }
    }

    // Some processors leave their fast paths for numbers below 2^-126, and some kernels would meet them there.
    private static IEnumerable<(string Name, Action Work, int Elements)> Denormal(bool toy)
    {
        int block = toy ? 16 : Items;
        int rows = block / 8;
        KernelCase[] cases =
        [
            KernelCase.BceWithLogits(block), KernelCase.SigmoidFocal(block), KernelCase.SmoothL1(block),
            KernelCase.CrossEntropy(rows, 8), KernelCase.TripletMargin(rows, 8),
        ];
        foreach (KernelCase given in cases.SelectMany(given => (KernelCase[])[given, given.OfDenormals()]))
        {
            using var engine = new EngineSide(given);
            Entrant call = engine.Run(1);
            yield return ($"Loss.Run {given.Work}", () => call.Time(1), block);
        }
    }

    private static (string Name, Action Work, int Elements) Sweep<V>(bool toy)
        where V : struct, IVectorLane<V, float>
    {
        int count = toy ? Items : LargeItems / Items * Items;
        var pool = new TensorPool(1L << 32);
        Tensor[] all =
        [
            .. Enumerable.Range(0, 3).Select(_ => Tensor.Rent(
                pool, new Shape(count), Element.Float32)),
        ];
        foreach (Tensor one in all)
        {
            one.Float32.Fill(1);
        }

        float[] near = new float[Items];
        return ("two reads, an addition, a write past the caches",
            () => Sum<V>(all[0].Float32, all[1].Float32, near, all[2].Float32), count);
    }

    private static float Chain<V>(float[] numbers) where V : struct, IVectorLane<V, float>
    {
        V sum = V.Of(0);
        for (nint i = 0; i < numbers.Length; i += V.Count)
        {
            sum += V.Load(ref numbers[0], i);
        }

        Span<float> room = stackalloc float[V.Count];
        V.Store(sum, ref room[0], 0);
        return room[0];
    }

    private static void Sum<V>(ReadOnlySpan<float> a, ReadOnlySpan<float> b, float[] near, Span<float> to)
        where V : struct, IVectorLane<V, float>
    {
        for (int start = 0; start < a.Length; start += Items)
        {
            for (int i = 0; i < Items; i += V.Count)
            {
                V.Store(V.Load(in a[start], i) + V.Load(in b[start], i), ref near[0], i);
            }

            Streams.Write<float>(near, to.Slice(start, Items));
        }
    }
}
