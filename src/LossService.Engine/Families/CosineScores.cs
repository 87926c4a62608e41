using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Rows of scores that are the cosines of a batch's vectors with one vector per class, and the way of slopes
/// on them back to both.</summary>
internal sealed class CosineScores<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly int _place;
    private readonly ItemPlan<T> _plan;
    private readonly VectorTable<T, double> _rows;
    private readonly VectorTable<T, double> _classes;

    /// <summary>Measures the vectors at <paramref name="place"/> with those of the classes behind it.</summary>
    public CosineScores(LossRequest request, int place, ItemPlan<T> plan, Workshop workshop)
    {
        _place = place;
        _plan = plan;
        _rows = new(
            request.Tensor(place)!, request.Solution!, plan.LeftOutFlags, normalizes: true, pads: false,
            workshop);
        try
        {
            _classes = new(
                request.Tensor(place + 1)!, request.Solution!, default, normalizes: true, pads: false, workshop,
                "C");
            Scores = Tensor.Rent(workshop.Pool, new Shape(_rows.Count, _classes.Count), Element.Float64);
            DoubleProduct.Run(_rows.AsRows, _classes.AsRows, Scores, workshop);
            Clamp(Scores.Float64);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A cosine a class, a row a sample; a driver puts slopes in their place.</summary>
    public Tensor Scores { get; }

    /// <summary>Writes the gradients of both inputs, as far as they are wanted.</summary>
    public void Differentiate(LossResult result, Workshop workshop)
    {
        (int rows, int classes) = (_rows.Count, _classes.Count);
        Return(_rows, new(Scores, rows, classes), _classes, result.Gradients[_place], _plan.LeftOutFlags, workshop);
        Return(
            _classes, new(Scores, classes, rows, AreColumns: true), _rows, result.Gradients[_place + 1], default,
            workshop);
    }

    public void Dispose()
    {
        Scores?.Dispose();
        _classes?.Dispose();
        _rows.Dispose();
    }

    private static void Return(
        VectorTable<T, double> to, MatrixSide slopes, VectorTable<T, double> from, Tensor? gradient,
        ReadOnlySpan<byte> leftOut, Workshop workshop)
    {
        if (gradient is null)
        {
            return;
        }

        using Tensor sums = Tensor.Rent(workshop.Pool, new Shape(to.Count, to.Stride), Element.Float64);
        DoubleProduct.Run(slopes, from.AsColumns, sums, workshop);
        to.Return(sums, gradient, leftOut, workshop);
    }

    // Rounding takes a product of parallel vectors past 1, where no angle is.
    private static void Clamp(Span<double> cosines)
    {
        foreach (ref double cosine in cosines)
        {
            cosine = cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
        }
    }
}
