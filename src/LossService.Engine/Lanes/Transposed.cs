using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Engine.Lanes;

/// <summary>Moves numbers from rows to columns; in squares of registers where the machine can, one by one
/// elsewhere.</summary>
internal static class Transposed
{
    /// <summary>Writes element (row, column) of <paramref name="from"/> to place (column, row) of
    /// <paramref name="to"/>.</summary>
    /// <param name="from">The first element.</param>
    /// <param name="fromStride">From one row to the next.</param>
    /// <param name="rows">How many rows are read.</param>
    /// <param name="columns">How many columns are read.</param>
    /// <param name="to">The first place.</param>
    /// <param name="toStride">From one row of the destination to the next, at least <paramref name="rows"/>.</param>
    public static void Copy<T>(
        ReadOnlySpan<T> from, int fromStride, int rows, int columns, Span<T> to, int toStride)
        where T : unmanaged
    {
        int side = !Avx.IsSupported ? int.MaxValue : typeof(T) == typeof(float) ? 8 : 4;
        int doneRows = rows / side * side;
        int doneColumns = columns / side * side;
        ref T source = ref MemoryMarshal.GetReference(from);
        ref T target = ref MemoryMarshal.GetReference(to);
        for (int column = 0; column < doneColumns; column += side)
        {
            // Rows inside: a row of the destination is filled while its page is at hand.
            for (int row = 0; row < doneRows; row += side)
            {
                Square(
                    ref Unsafe.Add(ref source, (row * fromStride) + column), fromStride,
                    ref Unsafe.Add(ref target, (column * toStride) + row), toStride);
            }
        }

        OneByOne(from, fromStride, 0, doneRows, doneColumns, columns, to, toStride);
        OneByOne(from, fromStride, doneRows, rows, 0, columns, to, toStride);
    }

    private static void OneByOne<T>(
        ReadOnlySpan<T> from, int fromStride, int row, int rows, int column, int columns, Span<T> to, int toStride)
    {
        for (; row < rows; row++)
        {
            for (int c = column; c < columns; c++)
            {
                to[(c * toStride) + row] = from[(row * fromStride) + c];
            }
        }
    }

    private static void Square<T>(ref T from, int fromStride, ref T to, int toStride) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            Eight(ref Unsafe.As<T, float>(ref from), fromStride, ref Unsafe.As<T, float>(ref to), toStride);
        }
        else
        {
            Four(ref Unsafe.As<T, double>(ref from), fromStride, ref Unsafe.As<T, double>(ref to), toStride);
        }
    }

    // Pairs of rows are interleaved, then pairs of pairs, then the halves change places.
    private static void Eight(ref float from, int fromStride, ref float to, int toStride)
    {
        (Vector256<float> a0, Vector256<float> a1) = Pair(ref from, fromStride);
        (Vector256<float> a2, Vector256<float> a3) = Pair(ref Unsafe.Add(ref from, 2 * fromStride), fromStride);
        (Vector256<float> a4, Vector256<float> a5) = Pair(ref Unsafe.Add(ref from, 4 * fromStride), fromStride);
        (Vector256<float> a6, Vector256<float> a7) = Pair(ref Unsafe.Add(ref from, 6 * fromStride), fromStride);
        Halves(Avx.Shuffle(a0, a2, 0x44), Avx.Shuffle(a4, a6, 0x44), ref to, 4 * toStride);
        Halves(Avx.Shuffle(a0, a2, 0xEE), Avx.Shuffle(a4, a6, 0xEE), ref Unsafe.Add(ref to, toStride), 4 * toStride);
        to = ref Unsafe.Add(ref to, 2 * toStride);
        Halves(Avx.Shuffle(a1, a3, 0x44), Avx.Shuffle(a5, a7, 0x44), ref to, 4 * toStride);
        Halves(Avx.Shuffle(a1, a3, 0xEE), Avx.Shuffle(a5, a7, 0xEE), ref Unsafe.Add(ref to, toStride), 4 * toStride);
    }

    private static void Four(ref double from, int fromStride, ref double to, int toStride)
    {
        Vector256<double> a = Vector256.LoadUnsafe(ref from);
        Vector256<double> b = Vector256.LoadUnsafe(ref Unsafe.Add(ref from, fromStride));
        Vector256<double> c = Vector256.LoadUnsafe(ref Unsafe.Add(ref from, 2 * fromStride));
        Vector256<double> d = Vector256.LoadUnsafe(ref Unsafe.Add(ref from, 3 * fromStride));
        Halves(Avx.UnpackLow(a, b), Avx.UnpackLow(c, d), ref to, 2 * toStride);
        Halves(Avx.UnpackHigh(a, b), Avx.UnpackHigh(c, d), ref Unsafe.Add(ref to, toStride), 2 * toStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Low, Vector256<float> High) Pair(ref float first, int stride)
    {
        Vector256<float> a = Vector256.LoadUnsafe(ref first);
        Vector256<float> b = Vector256.LoadUnsafe(ref Unsafe.Add(ref first, stride));
        return (Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(Vector256<float> first, Vector256<float> second, ref float to, int apart)
    {
        Avx.Permute2x128(first, second, 0x20).StoreUnsafe(ref to);
        Avx.Permute2x128(first, second, 0x31).StoreUnsafe(ref Unsafe.Add(ref to, apart));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(Vector256<double> first, Vector256<double> second, ref double to, int apart)
    {
        Avx.Permute2x128(first, second, 0x20).StoreUnsafe(ref to);
        Avx.Permute2x128(first, second, 0x31).StoreUnsafe(ref Unsafe.Add(ref to, apart));
    }
}
