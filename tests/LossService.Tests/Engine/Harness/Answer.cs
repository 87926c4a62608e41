using System.Security.Cryptography;
using LossService.Engine;
using LossService.Engine.Numerics;
using Xunit;

namespace LossService.Tests.Engine.Harness;

/// <summary>An answer as a value: every number as a double, which float32 fits into.</summary>
internal sealed class Answer(LossResult result)
{
    public double? Loss { get; } = result.Loss;

    public double[] Losses { get; } = result.Losses is null ? [] : ValuesOf(result.Losses);

    public int[] LossesShape { get; } = result.Losses is null ? [] : ShapeOf(result.Losses);

    public Dictionary<string, double[]> Gradients { get; } = ByName(result, result.Gradients);

    public Dictionary<string, double[]> Hessians { get; } = ByName(result, result.Hessians);

    /// <summary>What the loss chose, or its new state, by name.</summary>
    public Dictionary<string, double[]> Outputs { get; } = result.Outputs
        .Select((tensor, place) => (Tensor: tensor, result.Request.Card.Outputs[place].Name))
        .Where(output => output.Tensor is not null)
        .ToDictionary(output => output.Name, output => ValuesOf(output.Tensor!));

    public Normalizer? Normalizer { get; } = result.Normalizer;

    public List<Note> Notes { get; } = [.. result.Notes];

    /// <summary>Every number by name, in a fixed order.</summary>
    public IEnumerable<(string Name, double[] Values)> All()
    {
        if (Loss is not null)
        {
            yield return ("loss", [Loss.Value]);
        }

        yield return ("losses", Losses);
        foreach ((string name, double[] values) in Gradients.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            yield return ("gradients." + name, values);
        }

        foreach ((string name, double[] values) in Hessians.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            yield return ("hessian." + name, values);
        }
    }

    /// <summary>Adds every bit to a digest. A NaN is a NaN: its sign and payload are the processor's.</summary>
    public void AddTo(IncrementalHash digest)
    {
        foreach ((_, double[] values) in All())
        {
            foreach (double value in values)
            {
                digest.AppendData(BitConverter.GetBytes(Bits(value)));
            }
        }
    }

    /// <summary>The bits of a number, one pattern for all NaNs.</summary>
    public static long Bits(double value) => BitConverter.DoubleToInt64Bits(double.IsNaN(value) ? double.NaN : value);

    /// <summary>Fails at the first number whose bits differ.</summary>
    public static void AssertSameBits(Answer expected, Answer actual, string about)
    {
        foreach (((string name, double[] left), (string other, double[] right)) in expected.All().Zip(actual.All()))
        {
            Assert.Equal(name, other);
            AssertSameBits(left, right, $"{name} of {about}");
        }

        Assert.Equal(expected.Normalizer, actual.Normalizer);
        Assert.Equal(expected.Notes.Select(note => (note.Code, note.Count)), actual.Notes.Select(note => (note.Code, note.Count)));
    }

    public static void AssertSameBits(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, string about)
    {
        Assert.True(expected.Length == actual.Length, $"{expected.Length} numbers became {actual.Length}: {about}");
        for (int i = 0; i < expected.Length; i++)
        {
            if (Bits(expected[i]) != Bits(actual[i]))
            {
                Assert.Fail($"[{i}] was {expected[i]:R}, became {actual[i]:R}: {about}");
            }
        }
    }

    private static Dictionary<string, double[]> ByName(LossResult result, Tensor?[] tensors) => tensors
        .Select((tensor, place) => (tensor, result.Request.Card.Inputs[place].Name))
        .Where(named => named.tensor is not null)
        .ToDictionary(named => named.Name, named => ValuesOf(named.tensor!));

    private static double[] ValuesOf(Tensor tensor)
    {
        if (tensor.Element == Element.Float64)
        {
            return tensor.Float64.ToArray();
        }

        ReadOnlySpan<float> narrow = tensor.Float32;
        var values = new double[narrow.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = narrow[i];
        }

        return values;
    }

    private static int[] ShapeOf(Tensor tensor) => [.. Enumerable.Range(0, tensor.Shape.Rank).Select(axis => tensor.Shape[axis])];
}
