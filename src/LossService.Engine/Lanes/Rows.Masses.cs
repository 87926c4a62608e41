using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LossService.Engine.Lanes;

/// <summary>What a softmax divides by.</summary>
/// <param name="Top">The largest score.</param>
/// <param name="Total">The sum of all e^((z - top) scale); NaN or infinite where there is no finite softmax.</param>
/// <param name="Others">The same sum less the likeliest class's 1: near certainty the logarithm hangs on it.</param>
internal readonly record struct RowMass<T>(T Top, double Total, double Others);

/// <summary>Softmax rows whose likeliest class stays out of the sum, wherever it is.</summary>
internal static partial class Rows
{
    /// <summary>e^((row - its largest) scale), element by element, and their sum; scale is positive.</summary>
    public static RowMass<T> ExpSum<T, V>(ReadOnlySpan<T> row, T scale, Span<T> exps)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        T top = Max<T, V>(row);
        double rest = 0;
        double ones = 0;
        for (int start = 0; start < row.Length; start += PartMax)
        {
            int count = Math.Min(PartMax, row.Length - start);
            rest += ExpSumBelow<T, V>(row.Slice(start, count), top, scale, exps[start..], ref ones);
        }

        return new(top, ones + rest, ones - 1 + rest);
    }

    /// <summary>e^x - 1 - x for |x| at most 1/16, by its series: 2^-22 relative in floats, 2^-51 in doubles; never
    /// negative, and with x added e^x - 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ExcessOfNear<T, V>(V x)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        V series = V.Of(1 / 120.0);
        if (typeof(T) == typeof(double))
        {
            series = V.MultiplyAdd(x, V.Of(1 / 3628800.0), V.Of(1 / 362880.0));
            series = V.MultiplyAdd(x, series, V.Of(1 / 40320.0));
            series = V.MultiplyAdd(x, series, V.Of(1 / 5040.0));
            series = V.MultiplyAdd(x, series, V.Of(1 / 720.0));
            series = V.MultiplyAdd(x, series, V.Of(1 / 120.0));
        }

        series = V.MultiplyAdd(x, series, V.Of(1 / 24.0));
        series = V.MultiplyAdd(x, series, V.Of(1 / 6.0));
        series = V.MultiplyAdd(x, series, V.Of(0.5));
        return x * x * series;
    }

    // The sum of the exponentials of scores below the top, in accumulators of two vectors; the others, which are 1,
    // are counted.
    private static double ExpSumBelow<T, V>(ReadOnlySpan<T> row, T top, T scale, Span<T> exps, ref double ones)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        const int Group = Sums.Accumulators;
        ref T from = ref MemoryMarshal.GetReference(row);
        ref T to = ref MemoryMarshal.GetReference(exps);
        V shift = V.All(top);
        V factor = V.All(scale);
        Span<T> sums = stackalloc T[2 * Group];
        sums.Clear();
        ref T sum = ref MemoryMarshal.GetReference(sums);
        int whole = row.Length & -Group;
        AddBelow<T, V>(ref from, ref to, whole, row.Length, shift, factor, ref sum);
        if (whole < row.Length)
        {
            Span<T> tail = stackalloc T[Group];
            tail.Fill(T.NegativeInfinity);
            row[whole..].CopyTo(tail);
            ref T room = ref MemoryMarshal.GetReference(tail);
            AddBelow<T, V>(ref room, ref room, Group, 0, shift, factor, ref sum);
            tail[..(row.Length - whole)].CopyTo(exps[whole..]);
        }

        ones += Fold(ref Unsafe.Add(ref sum, Group));
        return Fold(ref sum);
    }

    // One exponential a turn, as in Add: accumulators change places.
    private static void AddBelow<T, V>(
        ref T from, ref T to, int end, int ahead, V shift, V factor, ref T sum)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        V one = V.Of(1);
        V zero = V.Of(0);
        bool isWhole = V.Count == Sums.Accumulators; // one vector holds all, and nothing changes places
        for (int k = 0; k < Sums.Accumulators; k += 2 * V.Count)
        {
            V a = V.Load(ref sum, k);
            V b = isWhole ? a : V.Load(ref sum, k + V.Count);
            V onesA = V.Load(ref sum, Sums.Accumulators + k);
            V onesB = isWhole ? onesA : V.Load(ref sum, Sums.Accumulators + k + V.Count);
            for (nint i = k; i < end; i += isWhole || (i & V.Count) == 0 ? V.Count : Sums.Accumulators - V.Count)
            {
                Cache.Fetch(ref from, i + ahead);
                V score = V.Load(ref from, i);
                V exp = V.ExpNonPositive((score - shift) * factor);
                V.Store(exp, ref to, i);
                V isTop = V.Same(score, shift);
                V below = V.Select(isTop, zero, exp);
                V ones = V.Select(isTop, one, zero);
                if (isWhole)
                {
                    a += below;
                    onesA += ones;
                }
                else
                {
                    (a, b) = (b, a + below);
                    (onesA, onesB) = (onesB, onesA + ones);
                }
            }

            V.Store(a, ref sum, k);
            V.Store(onesA, ref sum, Sums.Accumulators + k);
            if (!isWhole)
            {
                V.Store(b, ref sum, k + V.Count);
                V.Store(onesB, ref sum, Sums.Accumulators + k + V.Count);
            }
        }
    }
}
