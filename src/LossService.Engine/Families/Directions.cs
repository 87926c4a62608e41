using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The cosines between all vectors of a batch, for miners that look at directions.</summary>
internal sealed class Directions<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor _cosines;
    private readonly KeptItems _plan;

    /// <summary>Measures the vectors that are not left out.</summary>
    public Directions(LossRequest request, KeptItems plan, Workshop workshop)
    {
        _plan = plan;
        using var vectors = new VectorTable<T, double>(
            request.Tensor(0)!, request.Solution!, plan.LeftOutFlags, normalizes: true, pads: false, workshop.Pool);
        Length = vectors.Length;
        _cosines = Tensor.Rent(workshop.Pool, new Shape(vectors.Count, vectors.Count), Element.Float64);
        try
        {
            DoubleProduct.RunSymmetric(vectors.AsRows, _cosines, workshop);
        }
        catch
        {
            _cosines.Dispose();
            throw;
        }
    }

    /// <summary>How long the vectors are, in coordinates.</summary>
    public int Length { get; }

    /// <summary>The cosines of one vector with all.</summary>
    public ReadOnlySpan<double> this[int sample] =>
        _cosines.Float64.Slice(sample * _plan.Items, _plan.Items);

    /// <summary>A sample's place among those that are not left out, so that a masked batch draws as the smaller
    /// one.</summary>
    public int RankOf(int sample)
    {
        int rank = sample;
        for (int before = 0; before < sample && _plan.LeftOut > 0; before++)
        {
            rank -= _plan.IsLeftOut(before) ? 1 : 0;
        }

        return rank;
    }

    public void Dispose() => _cosines.Dispose();
}
