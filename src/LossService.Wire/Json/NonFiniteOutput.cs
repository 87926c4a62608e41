using LossService.Engine;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>Looks for the first NaN or infinity in an answer.</summary>
internal static class NonFiniteOutput
{
    /// <summary>The first output with a non-finite number as a mistake, with the first index and the count; or
    /// null.</summary>
    public static Mistake? Find(LossResult result)
    {
        if (result.Loss is { } loss && !double.IsFinite(loss))
        {
            return new("/loss", Codes.NonFiniteOutput, "expected a finite number, found NaN or an infinity")
            {
                Expected = "a finite number",
                Found = "NaN or an infinity",
            };
        }

        return Find("/losses", result.Losses) ?? Find(result, "/gradients/", result.Gradients)
            ?? Find(result, "/hessian/", result.Hessians);
    }

    private static Mistake? Find(LossResult result, string parent, Tensor?[] tensors)
    {
        for (int place = 0; place < tensors.Length; place++)
        {
            if (Find(parent + result.Request.Card.Inputs[place].Name, tensors[place]) is { } mistake)
            {
                return mistake;
            }
        }

        return null;
    }

    private static Mistake? Find(string pointer, Tensor? tensor)
    {
        if (tensor is null)
        {
            return null;
        }

        int first = -1;
        int count = tensor.Element == Element.Float64
            ? Count(tensor.Float64, ref first) : Count(tensor.Float32, ref first);
        return count == 0 ? null
            : new(pointer, Codes.NonFiniteOutput, "expected finite numbers, found NaN or an infinity")
            {
                Expected = "finite numbers",
                Found = "NaN or an infinity",
                Index = tensor.Shape.Rank == 0 ? null : tensor.Shape.IndexOf(first),
                Count = tensor.Shape.Rank == 0 ? null : count,
            };
    }

    private static int Count(ReadOnlySpan<float> values, ref int first)
    {
        int count = 0;
        for (int offset = 0; offset < values.Length; offset++)
        {
            if (!float.IsFinite(values[offset]))
            {
                first = count++ == 0 ? offset : first;
            }
        }

        return count;
    }

    private static int Count(ReadOnlySpan<double> values, ref int first)
    {
        int count = 0;
        for (int offset = 0; offset < values.Length; offset++)
        {
            if (!double.IsFinite(values[offset]))
            {
                first = count++ == 0 ? offset : first;
            }
        }

        return count;
    }
}
