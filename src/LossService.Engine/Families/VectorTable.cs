using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A batch of vectors as a loss computes with them, scaled to length 1 where it wants that; and the way of a
/// gradient back to the input. Vectors that are left out are zeros, so that no NaN of theirs gets into a
/// product.</summary>
/// <typeparam name="TInput">What the input holds.</typeparam>
/// <typeparam name="T">What is computed in.</typeparam>
internal sealed class VectorTable<TInput, T> : IDisposable
    where TInput : unmanaged, IFloatingPointIeee754<TInput>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor _rows;
    private readonly Tensor? _norms;

    /// <param name="input">The vectors, one a row.</param>
    /// <param name="solution">Says how many there are and, by E, how long they are.</param>
    /// <param name="leftOut">Not 0 for a vector that is left out; empty where none is.</param>
    /// <param name="normalizes">Whether they are scaled to length 1.</param>
    /// <param name="pads">Whether each is padded with zeros to whole lanes.</param>
    /// <param name="workshop">Lends the room, and is polled.</param>
    /// <param name="axis">The axis of the vectors.</param>
    public VectorTable(
        Tensor input, Solution solution, ReadOnlySpan<byte> leftOut, bool normalizes, bool pads, Workshop workshop,
        string axis = "N")
    {
        Count = solution.Length(axis);
        Length = solution.Length("E");
        Stride = pads ? (Length + WideDoubleLane.Count - 1) & -WideDoubleLane.Count : Length;
        Element = typeof(T) == typeof(double) ? Element.Float64 : Element.Float32;
        _rows = Tensor.Rent(workshop.Pool, new Shape(Count, Stride), Element);
        try
        {
            _norms = normalizes ? Tensor.Rent(workshop.Pool, new Shape(Count), Element.Float64) : null;
            Read(input, leftOut, workshop);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many vectors there are.</summary>
    public int Count { get; }

    /// <summary>How long each is.</summary>
    public int Length { get; }

    /// <summary>How far apart they stand.</summary>
    public int Stride { get; }

    /// <summary>What is computed in.</summary>
    public Element Element { get; }

    /// <summary>The vectors as the rows of a product.</summary>
    public MatrixSide AsRows => new(_rows, Count, Stride);

    /// <summary>The same numbers seen as columns, for a product over the samples.</summary>
    public MatrixSide AsColumns => new(_rows, Stride, Count, AreColumns: true);

    /// <summary>A vector with its padding.</summary>
    public Span<T> Row(int row) => _rows.Values<T>().Slice(row * Stride, Stride);

    /// <summary>Returns the gradients of all vectors, one a row of <paramref name="sums"/>, to the input's, which may
    /// be the same tensor.</summary>
    public void Return(Tensor sums, Tensor gradient, ReadOnlySpan<byte> leftOut, Workshop workshop)
    {
        var pace = new Pace(workshop);
        for (int row = 0; row < Count; row++)
        {
            pace.Count(Length);
            Return(row, sums.Values<T>().Slice(row * Stride, Stride), gradient, leftOut);
        }
    }

    /// <summary>Returns one vector's gradient to its place in the input's; nothing of one that is left out. It is taken
    /// through the scaling to length 1, where what points along the vector changes nothing, and rounded once.</summary>
    public void Return(int row, Span<T> slopes, Tensor gradient, ReadOnlySpan<byte> leftOut)
    {
        Span<TInput> to = Values(gradient, row);
        if (IsLeftOut(leftOut, row))
        {
            to.Clear();
            return;
        }

        Project(row, slopes);
        Rows.Convert<T, TInput>(slopes[..Length], to);
    }

    public void Dispose()
    {
        _norms?.Dispose();
        _rows.Dispose();
    }

    private static bool IsLeftOut(ReadOnlySpan<byte> leftOut, int row) => !leftOut.IsEmpty && leftOut[row] != 0;

    private void Read(Tensor input, ReadOnlySpan<byte> leftOut, Workshop workshop)
    {
        var pace = new Pace(workshop);
        for (int row = 0; row < Count; row++)
        {
            pace.Count(Length);
            Span<T> to = Row(row);
            if (IsLeftOut(leftOut, row))
            {
                to.Clear();
                continue;
            }

            to[Length..].Clear();
            Scale(row, Values(input, row), to[..Length]);
        }
    }

    private Span<TInput> Values(Tensor tensor, int row) => tensor.Values<TInput>().Slice(row * Length, Length);

    private void Scale(int row, ReadOnlySpan<TInput> from, Span<T> to)
    {
        if (_norms is null)
        {
            Rows.Convert(from, to);
            return;
        }

        double norm = Distance.LengthOf(from);
        _norms.Float64[row] = norm;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = norm == 0 ? T.Zero : T.CreateTruncating(double.CreateTruncating(from[i]) / norm);
        }
    }

    private void Project(int row, Span<T> slopes)
    {
        if (_norms is null)
        {
            return;
        }

        double norm = _norms.Float64[row];
        ReadOnlySpan<T> direction = Row(row);
        double along = DistanceSums.Of<T, ProductTerm>(slopes, direction, default);
        for (int i = 0; i < Length; i++)
        {
            double across = double.CreateTruncating(slopes[i]) - (along * double.CreateTruncating(direction[i]));
            slopes[i] = norm == 0 ? T.Zero : T.CreateTruncating(across / norm);
        }
    }
}
