namespace LossService.Benchmarks.Kernels;

/// <summary>One input of a case: floats, or labels.</summary>
internal sealed record Given(string Name, int[] Shape, float[]? Floats, int[]? Labels, bool IsLeaf)
{
    private const int DistinctMax = 1 << 20; // drawing more normals would take longer than timing what follows

    /// <summary>Normal numbers to differentiate.</summary>
    public static Given Leaf(string name, int seed, double scale, params int[] shape) =>
        new(name, shape, Normals(seed, scale, shape), null, true);

    /// <summary>Normal numbers.</summary>
    public static Given Numbers(string name, int seed, double scale, params int[] shape) =>
        new(name, shape, Normals(seed, scale, shape), null, false);

    /// <summary>Zeros and ones.</summary>
    public static Given Bits(string name, int seed, params int[] shape)
    {
        var random = new Random(seed);
        return new(name, shape, Fill(shape, () => random.Next(2)), null, false);
    }

    /// <summary>Class indices.</summary>
    public static Given Classes(string name, int seed, int rows, int classes)
    {
        var random = new Random(seed);
        int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(classes))];
        return new(name, [rows], null, labels, false);
    }

    /// <summary>The same near 1e-40, but for zeros and ones.</summary>
    public Given OfDenormals() =>
        Floats is null || Array.TrueForAll(Floats, number => number is 0 or 1) ? this
            : this with { Floats = [.. Floats.Select(number => number * 1e-40f)] };

    private static float[] Normals(int seed, double scale, int[] shape)
    {
        var random = new Random(seed);
        return Fill(shape, () => (float)(scale * Normal(random)));
    }

    /// <summary>A standard normal number, by Box and Muller.</summary>
    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static float[] Fill(int[] shape, Func<float> next)
    {
        var numbers = new float[shape.Aggregate(1, (elements, length) => elements * length)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i < DistinctMax ? next() : numbers[i - DistinctMax];
        }

        return numbers;
    }
}
