using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Where the rows of classes stand in a tensor (N, C, d1, …): row (n, d) starts at n·C·D + d and steps by
/// D.</summary>
/// <remarks>A block is a group of rows of about as many elements as an elementwise block, by lengths alone.</remarks>
internal readonly struct RowLayout
{
    public RowLayout(Solution solution)
    {
        Classes = solution.Length("C", 1);
        Views = solution.Length("K", 1);
        Rows = solution.Rows;
        Inner = Math.Max(1, solution.Rest.Elements);
        RowsPerBlock = RowsPerBlockOf(Math.Max(1, Classes), Inner);
    }

    /// <summary>The length of a row.</summary>
    public int Classes { get; }

    /// <summary>How many rows make an item: as many tables of all rows stand one behind the other.</summary>
    public int Views { get; }

    /// <summary>How many rows there are; of one view, where there are several.</summary>
    public int Rows { get; }

    /// <summary>How far one view of an item stands behind the other.</summary>
    public int Table => Rows * Classes;

    /// <summary>The step from class to class; 1 where rows are contiguous.</summary>
    public int Inner { get; }

    /// <summary>How many rows a block holds; the last may hold fewer.</summary>
    public int RowsPerBlock { get; }

    /// <summary>How many blocks there are.</summary>
    public int Blocks => (Rows + RowsPerBlock - 1) / RowsPerBlock;

    /// <summary>A row's elements: in place where they are contiguous, else gathered into <paramref
    /// name="scratch"/>.</summary>
    public Span<T> Read<T>(Tensor tensor, int row, Span<T> scratch) where T : unmanaged
    {
        Span<T> all = tensor.Values<T>();
        int start = Start(row);
        if (Inner == 1)
        {
            return all.Slice(start, Classes);
        }

        for (int c = 0; c < Classes; c++)
        {
            scratch[c] = all[start + (c * Inner)];
        }

        return scratch[..Classes];
    }

    /// <summary>Where a row's results are to be computed: in place, or in <paramref name="scratch"/> for
    /// <see cref="Write"/> to scatter.</summary>
    public Span<T> Room<T>(Tensor tensor, int row, Span<T> scratch) where T : unmanaged =>
        Inner == 1 ? tensor.Values<T>().Slice(Start(row), Classes) : scratch[..Classes];

    /// <summary>Scatters what <see cref="Room"/> lent, unless it was the tensor's own memory.</summary>
    public void Write<T>(Tensor tensor, int row, ReadOnlySpan<T> values) where T : unmanaged
    {
        if (Inner == 1)
        {
            return;
        }

        Span<T> all = tensor.Values<T>();
        int start = Start(row);
        for (int c = 0; c < Classes; c++)
        {
            all[start + (c * Inner)] = values[c];
        }
    }

    /// <summary>Where a row's first element is.</summary>
    public int Start(int row) => (row / Inner * Inner * Classes) + (row % Inner);

    // Whole cache lines of neighbouring rows where a class is a column, so that none is fetched twice; half of one
    // where so many rows of very many classes would leave the cache.
    private static int RowsPerBlockOf(int classes, int inner)
    {
        const int Line = 16;
        const int ManyClasses = 8192;
        int rows = Driver.BlockItems / classes;
        if (rows >= Line)
        {
            return rows - (rows % Line);
        }

        return inner == 1 ? Math.Max(1, rows) : classes <= ManyClasses ? Line : Line / 2;
    }
}
