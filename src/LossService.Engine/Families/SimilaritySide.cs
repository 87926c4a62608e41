using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>One input's vectors as the similarities see them, scaled to length 1 where the loss wants it, and the way
/// of a gradient back to the input.</summary>
internal sealed class SimilaritySide<TInput, T> : IDisposable
    where TInput : unmanaged, IFloatingPointIeee754<TInput>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor _input;
    private readonly Tensor? _output;
    private readonly Tensor? _gradient; // the output itself, unless it is computed wider
    private readonly Tensor _rows;
    private readonly Tensor? _norms;
    private readonly int _count;
    private readonly int _length;
    private bool _hasGradient;

    /// <summary>Copies the vectors of the samples that are not left out; the others' are zeros, so that no NaN of
    /// theirs gets into a product.</summary>
    public SimilaritySide(
        LossRequest request, LossResult result, int place, ItemPlan<T> plan, bool normalizes, TensorPool pool)
    {
        _input = request.Tensor(place)!;
        _output = result.Gradients[place];
        _count = request.Solution!.Length("N");
        _length = request.Solution.Length("E");
        Element = typeof(T) == typeof(double) ? Element.Float64 : Element.Float32;
        _rows = Tensor.Rent(pool, new Shape(_count, _length), Element);
        try
        {
            _norms = normalizes ? Tensor.Rent(pool, new Shape(_count), Element.Float64) : null;
            _gradient = _output is not null && typeof(TInput) != typeof(T)
                ? Tensor.Rent(pool, new Shape(_count, _length), Element)
                : _output;
        }
        catch
        {
            _norms?.Dispose();
            _rows.Dispose();
            throw;
        }

        for (int row = 0; row < _count; row++)
        {
            Scale(row, plan.IsLeftOut(row));
        }
    }

    /// <summary>What the numbers are computed in.</summary>
    public Element Element { get; }

    /// <summary>The vectors, one a row.</summary>
    public MatrixSide AsRows => new(_rows, _count, _length);

    /// <summary>The same numbers seen as columns, for a product over the samples.</summary>
    public MatrixSide AsColumns => new(_rows, _length, _count, AreColumns: true);

    /// <summary>Adds a product of slopes and vectors to this side's gradient, where it is wanted.</summary>
    public void Add<V>(Workshop workshop, MatrixSide slopes, SimilaritySide<TInput, T> vectors)
        where V : struct, IVectorLane<V, T>
    {
        if (_gradient is not null)
        {
            using var product = new ProductDriver<T, V>(
                workshop.Pool, slopes, vectors.AsColumns, _gradient, adds: _hasGradient);
            product.RunAll(workshop);
            _hasGradient = true;
        }
    }

    /// <summary>Takes the gradient through the scaling to length 1: what points along the vector changes
    /// nothing.</summary>
    public void Finish(ItemPlan<T> plan)
    {
        if (_gradient is null)
        {
            return;
        }

        for (int row = 0; row < _count; row++)
        {
            Span<T> gradient = Row<T>(_gradient, row);
            if (plan.IsLeftOut(row) || _norms?.Float64[row] == 0)
            {
                gradient.Clear();
            }
            else if (_norms is not null)
            {
                Project(gradient, Row<T>(_rows, row), _norms.Float64[row]);
            }

            if (!ReferenceEquals(_gradient, _output))
            {
                Rows.Convert<T, TInput>(gradient, Row<TInput>(_output!, row));
            }
        }
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_gradient, _output))
        {
            _gradient?.Dispose();
        }

        _norms?.Dispose();
        _rows.Dispose();
    }

    private static void Project(Span<T> gradient, ReadOnlySpan<T> direction, double norm)
    {
        double along = DistanceSums.Of<T, ProductTerm>(gradient, direction, default);
        for (int i = 0; i < gradient.Length; i++)
        {
            double across = double.CreateTruncating(gradient[i]) - (along * double.CreateTruncating(direction[i]));
            gradient[i] = T.CreateTruncating(across / norm);
        }
    }

    private void Scale(int row, bool isLeftOut)
    {
        ReadOnlySpan<TInput> from = Row<TInput>(_input, row);
        Span<T> to = Row<T>(_rows, row);
        if (isLeftOut)
        {
            to.Clear();
            return;
        }

        if (_norms is null)
        {
            Rows.Convert<TInput, T>(from, to);
            return;
        }

        double norm = Distance.LengthOf(from);
        _norms.Float64[row] = norm;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = norm == 0 ? T.Zero : T.CreateTruncating(double.CreateTruncating(from[i]) / norm);
        }
    }

    private Span<TAny> Row<TAny>(Tensor tensor, int row) where TAny : unmanaged =>
        tensor.Values<TAny>().Slice(row * _length, _length);
}
