using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>One input's vectors as the similarities see them, and the gradient that several products add up
/// to.</summary>
internal sealed class SimilaritySide<TInput, T> : IDisposable
    where TInput : unmanaged, IFloatingPointIeee754<TInput>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly VectorTable<TInput, T> _vectors;
    private Tensor? _output;
    private Tensor? _gradient; // the output itself, unless it is computed wider
    private bool _hasGradient;

    /// <summary>Copies the vectors of the samples that are not left out.</summary>
    public SimilaritySide(LossRequest request, int place, ItemPlan<T> plan, bool normalizes, Workshop workshop) =>
        _vectors = new(request.Tensor(place)!, request.Solution!, plan.LeftOutFlags, normalizes, pads: false, workshop);

    /// <summary>What the numbers are computed in.</summary>
    public Element Element => _vectors.Element;

    /// <summary>The vectors, one a row.</summary>
    public MatrixSide AsRows => _vectors.AsRows;

    /// <summary>Takes an answer's gradient, where it is wanted, before anything is added.</summary>
    public void Open(Tensor? output, TensorPool pool)
    {
        _output = output;
        _gradient = output is not null && typeof(TInput) != typeof(T)
            ? Tensor.Rent(pool, new Shape(_vectors.Count, _vectors.Length), Element)
            : output;
    }

    /// <summary>Adds a product of slopes and vectors to this side's gradient, where it is wanted.</summary>
    public void Add<V>(Workshop workshop, MatrixSide slopes, SimilaritySide<TInput, T> vectors)
        where V : struct, IVectorLane<V, T>
    {
        if (_gradient is not null)
        {
            using var product = new ProductDriver<T, V>(
                workshop, slopes, vectors._vectors.AsColumns, _gradient, adds: _hasGradient);
            product.RunAll(workshop);
            _hasGradient = true;
        }
    }

    /// <summary>Returns the gradient, once everything is added.</summary>
    public void Finish(ItemPlan<T> plan, Workshop workshop)
    {
        if (_gradient is not null)
        {
            _vectors.Return(_gradient, _output!, plan.LeftOutFlags, workshop);
        }
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_gradient, _output))
        {
            _gradient?.Dispose();
        }

        _vectors.Dispose();
    }
}
