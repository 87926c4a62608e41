using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The cosines between all vectors of a batch, for miners that look at directions.</summary>
internal sealed class Directions<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor _cosines;
    private readonly Ranks _ranks;
    private readonly int _count;

    /// <summary>Measures the vectors that are not left out.</summary>
    public Directions(LossRequest request, KeptItems plan, Workshop workshop)
    {
        using var vectors = new VectorTable<T, double>(
            request.Tensor(0)!, request.Solution!, plan.LeftOutFlags, normalizes: true, pads: false, workshop);
        Length = vectors.Length;
        _count = vectors.Count;
        _cosines = Tensor.Rent(workshop.Pool, new Shape(vectors.Count, vectors.Count), Element.Float64);
        try
        {
            DoubleProduct.RunSymmetric(vectors.AsRows, _cosines, workshop);
            _ranks = new(plan, workshop.Pool);
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
        _cosines.Float64.Slice(sample * _count, _count);

    /// <summary>A sample's place among those that are not left out.</summary>
    public int RankOf(int sample) => _ranks[sample];

    public void Dispose()
    {
        _ranks.Dispose();
        _cosines.Dispose();
    }
}
