using System.Runtime.CompilerServices;

namespace LossService.Engine.Lanes;

/// <summary>A tile of a matrix product, held in registers: six rows by two vectors.</summary>
/// <remarks>Twelve accumulators, two vectors of the right side and one number of the left fill the sixteen registers of
/// AVX2, and twelve independent sums hide the latency of a multiply-add. Every element is one chain of fused
/// multiply-adds in the order of the depth, so its bits know nothing of the tile around it.</remarks>
internal static class ProductTile<T, V>
    where T : unmanaged
    where V : struct, IVectorLane<V, T>
{
    /// <summary>How many rows a tile has.</summary>
    public const int Rows = 6;

    /// <summary>How many columns a tile has.</summary>
    public static int Columns => 2 * V.Count;

    /// <summary>Multiplies two rearranged sides.</summary>
    /// <param name="left">The tile's six rows, side by side.</param>
    /// <param name="leftStride">From one step of the depth to the next.</param>
    /// <param name="right">The tile's columns, side by side, and nothing else.</param>
    /// <param name="depth">How many products an element sums.</param>
    /// <param name="to">The tile's first element.</param>
    /// <param name="stride">From one row of the destination to the next.</param>
    /// <param name="adds">True to add to what stands there, false to replace it.</param>
    public static void Multiply(
        ref T left, int leftStride, ref T right, int depth, ref T to, int stride, bool adds)
    {
        V a0 = V.Of(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0;
        V d0 = a0, d1 = a0, e0 = a0, e1 = a0, f0 = a0, f1 = a0;
        for (; depth > 0; depth--)
        {
            V first = V.Load(ref right, 0);
            V second = V.Load(ref right, V.Count);
            V row = V.All(left);
            a0 = V.MultiplyAdd(row, first, a0);
            a1 = V.MultiplyAdd(row, second, a1);
            row = V.All(Unsafe.Add(ref left, 1));
            b0 = V.MultiplyAdd(row, first, b0);
            b1 = V.MultiplyAdd(row, second, b1);
            row = V.All(Unsafe.Add(ref left, 2));
            c0 = V.MultiplyAdd(row, first, c0);
            c1 = V.MultiplyAdd(row, second, c1);
            row = V.All(Unsafe.Add(ref left, 3));
            d0 = V.MultiplyAdd(row, first, d0);
            d1 = V.MultiplyAdd(row, second, d1);
            row = V.All(Unsafe.Add(ref left, 4));
            e0 = V.MultiplyAdd(row, first, e0);
            e1 = V.MultiplyAdd(row, second, e1);
            row = V.All(Unsafe.Add(ref left, 5));
            f0 = V.MultiplyAdd(row, first, f0);
            f1 = V.MultiplyAdd(row, second, f1);
            left = ref Unsafe.Add(ref left, leftStride);
            right = ref Unsafe.Add(ref right, Columns);
        }

        Put(a0, a1, ref to, adds);
        Put(b0, b1, ref Unsafe.Add(ref to, stride), adds);
        Put(c0, c1, ref Unsafe.Add(ref to, 2 * stride), adds);
        Put(d0, d1, ref Unsafe.Add(ref to, 3 * stride), adds);
        Put(e0, e1, ref Unsafe.Add(ref to, 4 * stride), adds);
        Put(f0, f1, ref Unsafe.Add(ref to, 5 * stride), adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(V first, V second, ref T to, bool adds)
    {
        if (adds)
        {
            first = V.Load(ref to, 0) + first;
            second = V.Load(ref to, V.Count) + second;
        }

        V.Store(first, ref to, 0);
        V.Store(second, ref to, V.Count);
    }
}
