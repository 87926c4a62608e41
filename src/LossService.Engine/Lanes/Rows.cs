using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LossService.Engine.Lanes;

/// <summary>What is done to one contiguous row of numbers, whatever its length; the same bits for any vector
/// width.</summary>
internal static partial class Rows
{
    private const int LanesMax = 16;

    // Sixteen float accumulators are folded to double this often, so that their error does not grow with the row.
    private const int FoldEvery = 2048;

    /// <summary>The largest number; a NaN may hide, since whatever uses the maximum meets the NaN itself.</summary>
    public static T Max<T, V>(ReadOnlySpan<T> row)
        where T : unmanaged, INumber<T>
        where V : struct, IVectorLane<V, T>
    {
        if (row.Length < V.Count)
        {
            return MaxOneByOne(row);
        }

        ref T start = ref MemoryMarshal.GetReference(row);
        V most = V.Load(ref start, 0);
        V second = most;
        V third = most;
        V fourth = most;
        int i = V.Count;
        for (; i <= row.Length - (4 * V.Count); i += 4 * V.Count)
        {
            // Four chains: a comparison and a choice take longer than a load.
            most = V.Max(most, V.Load(ref start, i));
            second = V.Max(second, V.Load(ref start, i + V.Count));
            third = V.Max(third, V.Load(ref start, i + (2 * V.Count)));
            fourth = V.Max(fourth, V.Load(ref start, i + (3 * V.Count)));
        }

        for (; i <= row.Length - V.Count; i += V.Count)
        {
            most = V.Max(most, V.Load(ref start, i));
        }

        most = V.Max(V.Max(most, second), V.Max(third, fourth));

        // The last vector may overlap the one before: a maximum does not mind.
        most = V.Max(most, V.Load(ref start, row.Length - V.Count));
        Span<T> lanes = stackalloc T[LanesMax];
        V.Store(most, ref MemoryMarshal.GetReference(lanes), 0);
        return MaxOneByOne<T>(lanes[..V.Count]);
    }

    /// <summary>Where a number stands first, or -1; the library's own search compares floats one by one.</summary>
    public static int IndexOf<T, V>(ReadOnlySpan<T> row, T number)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        ref T start = ref MemoryMarshal.GetReference(row);
        V wanted = V.All(number);
        int i = 0;
        while (i <= row.Length - V.Count && !V.Any(V.Same(V.Load(ref start, i), wanted)))
        {
            i += V.Count;
        }

        for (; i < row.Length; i++)
        {
            if (row[i] == number)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>e to the power of (row - shift) * scale, element by element, where shift is the largest of the row and
    /// scale is positive.</summary>
    public static void Exp<T, V>(ReadOnlySpan<T> row, T shift, T scale, Span<T> destination)
        where T : unmanaged
        where V : struct, IVectorLane<V, T> =>
        Map<T, V, ShiftedExp<T, V>>(row, new(shift, scale), destination);

    /// <summary>(row - shift) * scale - log, element by element: log-probabilities, with the product not
    /// rounded.</summary>
    public static void LogSoftmax<T, V>(ReadOnlySpan<T> row, T shift, T scale, T log, Span<T> destination)
        where T : unmanaged
        where V : struct, IVectorLane<V, T> =>
        Map<T, V, Logged<T, V>>(row, new(shift, scale, log), destination);

    /// <summary>row * scale, element by element.</summary>
    public static void Scale<T, V>(ReadOnlySpan<T> row, T scale, Span<T> destination)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T> =>
        Map<T, V, Scaled<T, V>>(row, new(scale), destination);

    /// <summary>row / divisor, element by element: one rounding less than a product with the reciprocal.</summary>
    public static void Divide<T, V>(ReadOnlySpan<T> row, T divisor, Span<T> destination)
        where T : unmanaged
        where V : struct, IVectorLane<V, T> =>
        Map<T, V, Divided<T, V>>(row, new(divisor), destination);

    /// <summary>The natural logarithms of a row.</summary>
    public static void Log<T, V>(ReadOnlySpan<T> row, Span<T> destination)
        where T : unmanaged
        where V : struct, IVectorLane<V, T> =>
        Map<T, V, Logarithm<T, V>>(row, default, destination);

    /// <summary>The sum of a row: sixteen accumulators of the row's own width, folded to double in a fixed
    /// order.</summary>
    public static double Sum<T, V>(ReadOnlySpan<T> row)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        double sum = 0;
        for (int start = 0; start < row.Length; start += FoldEvery)
        {
            sum += Part<T, V>(row.Slice(start, Math.Min(FoldEvery, row.Length - start)));
        }

        return sum;
    }

    private static double Part<T, V>(ReadOnlySpan<T> row)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        Span<T> sums = stackalloc T[Sums.Accumulators];
        sums.Clear();
        ref T start = ref MemoryMarshal.GetReference(row);
        ref T sum = ref MemoryMarshal.GetReference(sums);
        int i = 0;

        // Sixteen accumulators are one, two or four vectors.
        V a = V.Of(0);
        V b = a;
        V c = a;
        V d = a;
        for (; i <= row.Length - Sums.Accumulators; i += Sums.Accumulators)
        {
            a += V.Load(ref start, i);
            if (V.Count < Sums.Accumulators)
            {
                b += V.Load(ref start, i + V.Count);
            }

            if (V.Count < Sums.Accumulators / 2)
            {
                c += V.Load(ref start, i + (2 * V.Count));
                d += V.Load(ref start, i + (3 * V.Count));
            }
        }

        V.Store(a, ref sum, 0);
        if (V.Count < Sums.Accumulators)
        {
            V.Store(b, ref sum, V.Count);
        }

        if (V.Count < Sums.Accumulators / 2)
        {
            V.Store(c, ref sum, 2 * V.Count);
            V.Store(d, ref sum, 3 * V.Count);
        }

        for (int k = 0; i < row.Length; i++, k++)
        {
            sums[k] += row[i];
        }

        Span<double> wide = stackalloc double[Sums.Accumulators];
        for (int k = 0; k < wide.Length; k++)
        {
            wide[k] = double.CreateTruncating(sums[k]);
        }

        return Sums.Fold(wide);
    }

    private static T MaxOneByOne<T>(ReadOnlySpan<T> row) where T : unmanaged, INumber<T>
    {
        T best = row[0];
        foreach (T one in row)
        {
            best = best < one ? one : best;
        }

        return best;
    }

    /// <summary>Applies a map to whole vectors in place and to the tail through a padded copy.</summary>
    private static void Map<T, V, TMap>(ReadOnlySpan<T> row, TMap map, Span<T> destination)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
        where TMap : struct, IMap<V>
    {
        ref T from = ref MemoryMarshal.GetReference(row);
        ref T to = ref MemoryMarshal.GetReference(destination);
        int i = 0;
        for (; i <= row.Length - V.Count; i += V.Count)
        {
            V.Store(map.Apply(V.Load(ref from, i)), ref to, i);
        }

        if (i < row.Length)
        {
            Span<T> tail = stackalloc T[LanesMax];
            tail.Clear();
            row[i..].CopyTo(tail);
            ref T room = ref MemoryMarshal.GetReference(tail);
            V.Store(map.Apply(V.Load(ref room, 0)), ref room, 0);
            tail[..(row.Length - i)].CopyTo(destination[i..]);
        }
    }

    private interface IMap<V> where V : struct
    {
        V Apply(V lane);
    }

    private readonly struct ShiftedExp<T, V>(T shift, T scale) : IMap<V>
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        private readonly V _shift = V.All(shift);
        private readonly V _scale = V.All(scale);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply(V lane) => V.ExpNonPositive((lane - _shift) * _scale);
    }

    private readonly struct Logged<T, V>(T shift, T scale, T log) : IMap<V>
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        private readonly V _shift = V.All(shift);
        private readonly V _scale = V.All(scale);
        private readonly V _log = -V.All(log);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply(V lane) => V.MultiplyAdd(lane - _shift, _scale, _log);
    }

    private readonly struct Scaled<T, V>(T scale) : IMap<V>
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        private readonly V _scale = V.All(scale);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply(V lane) => lane * _scale;
    }

    private readonly struct Divided<T, V>(T divisor) : IMap<V>
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        private readonly V _divisor = V.All(divisor);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply(V lane) => lane / _divisor;
    }

    private readonly struct Exponential<T, V> : IMap<V>
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply(V lane) => V.Exp(lane);
    }

    private readonly struct Logarithm<T, V> : IMap<V>
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply(V lane) => V.Log(lane);
    }
}
