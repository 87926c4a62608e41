namespace LossService.Tests.Engine.Harness;

/// <summary>How an input's elements belong to the samples of a request.</summary>
internal enum Slicing
{
    /// <summary>Every sample sees all of it: class weights, scalars.</summary>
    Whole,

    /// <summary>The first axis is the samples.</summary>
    FirstAxis,

    /// <summary>The second axis is the samples, the first is steps.</summary>
    SecondAxis,

    /// <summary>A flat list of all items, sample after sample.</summary>
    Flat,

    /// <summary>Rows of places of samples.</summary>
    Places,
}

/// <summary>An input as a test gives it: elements as doubles, whatever the dtype, and their shape.</summary>
internal sealed record Given(double[] Values, int[] Shape, Slicing Slicing = Slicing.Whole)
{
    /// <summary>The elements of these samples, in this order.</summary>
    public Given Select(int[] samples, int of)
    {
        if (Slicing == Slicing.Whole || Shape.Length == 0)
        {
            return this;
        }

        if (Slicing == Slicing.SecondAxis)
        {
            int steps = Shape[0];
            int inner = Shape[2..].Aggregate(1, (product, length) => product * length);
            double[] columns = [.. Enumerable.Range(0, steps).SelectMany(step => samples.SelectMany(sample =>
                Values.AsSpan(((step * of) + sample) * inner, inner).ToArray()))];
            return this with { Values = columns, Shape = [steps, samples.Length, .. Shape[2..]] };
        }

        if (Slicing == Slicing.Places)
        {
            return Repointed(samples);
        }

        int size = of == 0 ? 0 : Values.Length / of;
        double[] values = [.. samples.SelectMany(sample => Values.AsSpan(sample * size, size).ToArray())];
        int[] shape = Slicing == Slicing.Flat ? [values.Length] : [samples.Length, .. Shape[1..]];
        return this with { Values = values, Shape = shape };
    }

    // Rows whose samples all stay, pointing at where they stand now.
    private Given Repointed(int[] samples)
    {
        double[] values = [.. Values.Chunk(Shape[1])
            .Select(row => Array.ConvertAll(row, place => (double)Array.IndexOf(samples, (int)place)))
            .Where(row => !row.Contains(-1)).SelectMany(row => row)];
        return this with { Values = values, Shape = [values.Length / Shape[1], Shape[1]] };
    }

    /// <summary>The sample that an element belongs to, of as many as there are.</summary>
    public int SampleOf(int element, int of) => Slicing == Slicing.SecondAxis
        ? element / Shape[2..].Aggregate(1, (product, length) => product * length) % of
        : element / Math.Max(1, Values.Length / of);

    /// <summary>The same with one element replaced.</summary>
    public Given At(int place, double value)
    {
        double[] values = [.. Values];
        values[place] = value;
        return this with { Values = values };
    }
}
