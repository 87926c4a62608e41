namespace LossService.Tests.Engine.Harness;

/// <summary>How an input's elements belong to the samples of a request.</summary>
internal enum Slicing
{
    /// <summary>Every sample sees all of it: class weights, scalars.</summary>
    Whole,

    /// <summary>The first axis is the samples.</summary>
    FirstAxis,

    /// <summary>A flat list of all items, sample after sample.</summary>
    Flat,
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

        int size = of == 0 ? 0 : Values.Length / of;
        double[] values = [.. samples.SelectMany(sample => Values.AsSpan(sample * size, size).ToArray())];
        int[] shape = Slicing == Slicing.Flat ? [values.Length] : [samples.Length, .. Shape[1..]];
        return this with { Values = values, Shape = shape };
    }

    /// <summary>The same with one element replaced.</summary>
    public Given At(int place, double value)
    {
        double[] values = [.. Values];
        values[place] = value;
        return this with { Values = values };
    }
}
