using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>One input's vectors as the similarities see them, scaled to length 1 where the loss wants it, and the way
/// of a gradient back to the input.</summary>
internal sealed class SimilaritySide<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor _input;
    private readonly Tensor? _output;
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
        _rows = Tensor.Rent(pool, new Shape(_count, _length), _input.Element);
        try
        {
            _norms = normalizes ? Tensor.Rent(pool, new Shape(_count), Element.Float64) : null;
        }
        catch
        {
            _rows.Dispose();
            throw;
        }

        for (int row = 0; row < _count; row++)
        {
            Scale(row, plan.IsLeftOut(row));
        }
    }

    /// <summary>The vectors, one a row.</summary>
    public MatrixSide Rows => new(_rows, _count, _length);

    /// <summary>The same numbers seen as columns, for a product over the samples.</summary>
    public MatrixSide Columns => new(_rows, _length, _count, AreColumns: true);

    /// <summary>Adds a product of slopes and vectors to this side's gradient, where it is wanted.</summary>
    public void Add<V>(Workshop workshop, MatrixSide slopes, SimilaritySide<T> vectors)
        where V : struct, IVectorLane<V, T>
    {
        if (_output is not null)
        {
            using var product = new ProductDriver<T, V>(
                workshop.Pool, slopes, vectors.Columns, _output, adds: _hasGradient);
            product.RunAll(workshop);
            _hasGradient = true;
        }
    }

    /// <summary>Takes the gradient through the scaling to length 1: what points along the vector changes
    /// nothing.</summary>
    public void Finish(ItemPlan<T> plan)
    {
        if (_output is null)
        {
            return;
        }

        for (int row = 0; row < _count; row++)
        {
            Span<T> gradient = Row(_output, row);
            if (plan.IsLeftOut(row) || _norms?.Float64[row] == 0)
            {
                gradient.Clear();
            }
            else if (_norms is not null)
            {
                Project(gradient, Row(_rows, row), _norms.Float64[row]);
            }
        }
    }

    public void Dispose()
    {
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
        ReadOnlySpan<T> from = Row(_input, row);
        Span<T> to = Row(_rows, row);
        if (isLeftOut)
        {
            to.Clear();
            return;
        }

        if (_norms is null)
        {
            from.CopyTo(to);
            return;
        }

        // Against nothing the distance is the length, which neither overflows nor vanishes on the way.
        to.Clear();
        double norm = new Distance(DistanceKind.L2, 2, 0).Measure<T>(from, to);
        _norms.Float64[row] = norm;
        for (int i = 0; i < to.Length && norm != 0; i++)
        {
            to[i] = T.CreateTruncating(double.CreateTruncating(from[i]) / norm);
        }
    }

    private Span<T> Row(Tensor tensor, int row) => tensor.Values<T>().Slice(row * _length, _length);
}
