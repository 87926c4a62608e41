using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Numerics;

/// <summary>Products of every vector of one side with every vector of the other, a block of rows at a time.</summary>
/// <remarks>An element is summed over parts of the depth, one fused multiply-add after the other within a part and the
/// parts in order: the same bits wherever its row stands, alone or among others, and on any machine. The left side is
/// rearranged block by block, so that it stays in the second cache while the right side's panels take turns in the
/// first.</remarks>
internal static class MatrixProduct<T, V>
    where T : unmanaged, INumberBase<T>
    where V : struct, IVectorLane<V, T>
{
    /// <summary>How many of the right side's vectors stand side by side.</summary>
    public static int RightWidth => ProductTile<T, V>.Columns;

    /// <summary>Rows in a block: whole tiles, whole panels of the right side, a quarter of a millisecond.</summary>
    public static int BlockRows => Math.Max(48, 3 * RightWidth);

    /// <summary>How much room the left side of one block takes.</summary>
    public static int ScratchLength(int depth) => BlockRows * Math.Min(depth, MatrixPanels.DepthMax);

    /// <summary>Computes a block of rows, whole or from the block's own diagonal on, over one part of the depth: the
    /// first part replaces what stands there, or adds to it, and all others add.</summary>
    /// <param name="left">The side whose vectors are the rows of the product.</param>
    /// <param name="first">The block's first row.</param>
    /// <param name="start">Where the part begins: a multiple of <see cref="MatrixPanels.DepthMax"/>.</param>
    /// <param name="panels">The whole right side, rearranged by <see cref="MatrixPanels.Pack"/>, a part of the depth
    /// of all vectors before the next.</param>
    /// <param name="columns">How many vectors the right side has.</param>
    /// <param name="to">The whole product, row by row.</param>
    /// <param name="adds">True to add to what stands there, false to replace it.</param>
    /// <param name="fromDiagonal">True to leave out the columns before <paramref name="first"/>.</param>
    /// <param name="scratch">Room for <see cref="ScratchLength"/> numbers.</param>
    public static void Rows(
        in MatrixSide left, int first, int start, Span<T> panels, int columns, Span<T> to, bool adds,
        bool fromDiagonal, Span<T> scratch)
    {
        int rows = Math.Min(BlockRows, left.Count - first);
        Span<T> block = to.Slice(first * columns, rows * columns);
        if (left.Depth == 0)
        {
            block[..(adds ? 0 : block.Length)].Clear();
            return;
        }

        int padded = MatrixPanels.PanelsOf(columns, RightWidth) * RightWidth;
        int from = fromDiagonal ? first : 0;
        Debug.Assert(BlockRows % RightWidth == 0, "a block begins with a panel");

        int depth = Math.Min(MatrixPanels.DepthMax, left.Depth - start);
        MatrixPanels.Pack(left, first, rows, start, depth, BlockRows, scratch);
        for (int column = from; column < columns; column += RightWidth)
        {
            Span<T> panel = panels.Slice((padded * start) + (column * depth), RightWidth * depth);
            Panel(scratch, panel, depth, block, column, columns, adds || start > 0);
        }
    }

    /// <summary>Copies a block of a symmetric product, computed from its diagonal on, to the places across the
    /// diagonal.</summary>
    public static void Mirror(int first, int count, Span<T> product)
    {
        int rows = Math.Min(BlockRows, count - first);
        int beyond = first + rows;
        if (beyond < count)
        {
            Transposed.Copy<T>(
                product[((first * count) + beyond)..], count, rows, count - beyond,
                product[((beyond * count) + first)..], count);
        }
    }

    // All rows of a block against one panel of the right side.
    private static void Panel(
        Span<T> left, Span<T> right, int depth, Span<T> to, int column, int columns, bool adds)
    {
        int rows = to.Length / columns;
        int some = Math.Min(RightWidth, columns - column);
        for (int row = 0; row < rows; row += ProductTile<T, V>.Rows)
        {
            ref T panel = ref MemoryMarshal.GetReference(left[row..]);
            Span<T> tile = to[((row * columns) + column)..];
            if (some == RightWidth && row + ProductTile<T, V>.Rows <= rows)
            {
                ProductTile<T, V>.Multiply(
                    ref panel, BlockRows, ref MemoryMarshal.GetReference(right), depth,
                    ref MemoryMarshal.GetReference(tile), columns, adds);
            }
            else
            {
                Edge(
                    ref panel, right, depth, tile, columns, Math.Min(ProductTile<T, V>.Rows, rows - row), some, adds);
            }
        }
    }

    // A tile that the product ends in: computed whole, aside, so that its elements have the bits they have elsewhere.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Edge(
        ref T left, Span<T> right, int depth, Span<T> to, int stride, int rows, int columns, bool adds)
    {
        Span<T> tile = stackalloc T[ProductTile<T, V>.Rows * ProductTile<T, V>.Columns];
        ProductTile<T, V>.Multiply(
            ref left, BlockRows, ref MemoryMarshal.GetReference(right), depth, ref MemoryMarshal.GetReference(tile),
            RightWidth, adds: false);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                T sum = tile[(row * RightWidth) + column];
                ref T place = ref to[(row * stride) + column];
                place = adds ? place + sum : sum;
            }
        }
    }
}
