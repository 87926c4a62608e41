using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A batch of vectors in doubles, scaled to length 1 where the loss wants it, each padded with zeros to whole
/// lanes; and the way of a gradient back to the input.</summary>
internal sealed class VectorTable<T> : IDisposable where T : unmanaged, INumberBase<T>
{
    private readonly Tensor _rows;
    private readonly Tensor? _norms;

    /// <summary>Copies the vectors of the samples that are not left out; the others' are zeros. Without a plan they
    /// belong to no samples.</summary>
    public VectorTable(
        Tensor input, Solution solution, ItemPlan<T>? plan, bool normalizes, TensorPool pool, string axis = "N")
    {
        Count = solution.Length(axis);
        Length = solution.Length("E");
        Stride = (Length + DoubleLane.Count - 1) / DoubleLane.Count * DoubleLane.Count;
        _rows = Tensor.Rent(pool, new Shape(Count, Stride), Element.Float64);
        try
        {
            _norms = normalizes ? Tensor.Rent(pool, new Shape(Count), Element.Float64) : null;
        }
        catch
        {
            _rows.Dispose();
            throw;
        }

        ReadOnlySpan<T> all = input.Values<T>();
        for (int row = 0; row < Count; row++)
        {
            Span<double> to = Row(row);
            to.Clear();
            if (plan?.IsLeftOut(row) != true)
            {
                Rows.Widen(all.Slice(row * Length, Length), to[..Length]);
                Scale(row, to);
            }
        }
    }

    /// <summary>How many vectors there are.</summary>
    public int Count { get; }

    /// <summary>How long each is.</summary>
    public int Length { get; }

    /// <summary>How far apart they stand.</summary>
    public int Stride { get; }

    /// <summary>The vectors as the rows of a product.</summary>
    public MatrixSide AsRows => new(_rows, Count, Stride);

    /// <summary>The same numbers seen as columns, for a product over the samples.</summary>
    public MatrixSide AsColumns => new(_rows, Stride, Count, AreColumns: true);

    /// <summary>A vector with its padding.</summary>
    public Span<double> Row(int row) => _rows.Float64.Slice(row * Stride, Stride);

    /// <summary>Returns the gradients of all vectors, one a row of <paramref name="sums"/>, to the input's.</summary>
    public void Return(Tensor sums, Tensor gradient, ItemPlan<T>? plan)
    {
        for (int row = 0; row < Count; row++)
        {
            Return(row, sums.Float64.Slice(row * Stride, Stride), gradient, plan);
        }
    }

    /// <summary>Returns one vector's gradient to its place in the input's; nothing of one that is left out.</summary>
    public void Return(int row, Span<double> slopes, Tensor gradient, ItemPlan<T>? plan)
    {
        Span<T> to = gradient.Values<T>().Slice(row * Length, Length);
        if (plan?.IsLeftOut(row) == true)
        {
            to.Clear();
        }
        else
        {
            Return(row, slopes, to);
        }
    }

    public void Dispose()
    {
        _norms?.Dispose();
        _rows.Dispose();
    }

    // Takes a gradient through the scaling to length 1, where what points along the vector changes nothing, and rounds
    // it once.
    private void Return(int row, Span<double> gradient, Span<T> destination)
    {
        if (_norms is not null)
        {
            double norm = _norms.Float64[row];
            ReadOnlySpan<double> direction = Row(row);
            double along = DistanceSums.Of<double, ProductTerm>(gradient, direction, default);
            for (int i = 0; i < destination.Length; i++)
            {
                gradient[i] = norm == 0 ? 0 : (gradient[i] - (along * direction[i])) / norm;
            }
        }

        Rows.Narrow<T>(gradient[..destination.Length], destination);
    }

    private void Scale(int row, Span<double> vector)
    {
        if (_norms is null)
        {
            return;
        }

        double norm = Distance.LengthOf<double>(vector);
        _norms.Float64[row] = norm;
        for (int i = 0; i < vector.Length && norm != 0; i++)
        {
            vector[i] /= norm;
        }
    }
}
