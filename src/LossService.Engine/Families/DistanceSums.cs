using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>What two coordinates add to a sum.</summary>
internal interface IDistanceTerm
{
    static abstract V Add<V>(V a, V b, in Distance distance, V sum) where V : struct, ILane<V>;
}

/// <summary>(a - b + eps)².</summary>
internal readonly struct SquareTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Add<V>(V a, V b, in Distance distance, V sum) where V : struct, ILane<V>
    {
        V difference = a - b + V.Of(distance.Eps);
        return V.MultiplyAdd(difference, difference, sum);
    }
}

/// <summary>|a - b + eps|.</summary>
internal readonly struct MagnitudeTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Add<V>(V a, V b, in Distance distance, V sum) where V : struct, ILane<V> =>
        sum + V.Abs(a - b + V.Of(distance.Eps));
}

/// <summary>|a - b + eps|^p.</summary>
internal readonly struct PowerTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Add<V>(V a, V b, in Distance distance, V sum) where V : struct, ILane<V> =>
        sum + V.Pow(V.Abs(a - b + V.Of(distance.Eps)), distance.Power);
}

/// <summary>a · b.</summary>
internal readonly struct ProductTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Add<V>(V a, V b, in Distance distance, V sum) where V : struct, ILane<V> =>
        V.MultiplyAdd(a, b, sum);
}

/// <summary>Sums over the coordinates of two vectors, in the order of <see cref="Sums"/>.</summary>
internal static class DistanceSums
{
    private const int Width = Sums.Accumulators;

    /// <summary>The sum of a term over all coordinates; floats are widened in registers.</summary>
    public static double Of<T, TTerm>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm =>
        Wide.IsFast
            ? OfWide<T, TTerm>(a, b, distance)
            : OfNarrow<T, TTerm>(a, b, distance);

    private static double OfNarrow<T, TTerm>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm
    {
        ref T x = ref MemoryMarshal.GetReference(a);
        ref T y = ref MemoryMarshal.GetReference(b);
        Distance how = distance;
        DoubleLane s0 = 0;
        DoubleLane s1 = 0;
        DoubleLane s2 = 0;
        DoubleLane s3 = 0;
        int i = 0;
        for (; i <= a.Length - Width; i += Width)
        {
            s0 = TTerm.Add(Load<T, DoubleLane>(ref x, i), Load<T, DoubleLane>(ref y, i), how, s0);
            s1 = TTerm.Add(Load<T, DoubleLane>(ref x, i + 4), Load<T, DoubleLane>(ref y, i + 4), how, s1);
            s2 = TTerm.Add(Load<T, DoubleLane>(ref x, i + 8), Load<T, DoubleLane>(ref y, i + 8), how, s2);
            s3 = TTerm.Add(Load<T, DoubleLane>(ref x, i + 12), Load<T, DoubleLane>(ref y, i + 12), how, s3);
        }

        if (i == a.Length)
        {
            return Sums.Fold(s0, s1, s2, s3);
        }

        Span<double> sums = stackalloc double[Width];
        ref double sum = ref MemoryMarshal.GetReference(sums);
        DoubleLane.Store(s0, ref sum, 0);
        DoubleLane.Store(s1, ref sum, 4);
        DoubleLane.Store(s2, ref sum, 8);
        DoubleLane.Store(s3, ref sum, 12);
        return WithTail<T, TTerm, DoubleLane>(a[i..], b[i..], how, sums);
    }

    private static double OfWide<T, TTerm>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm
    {
        ref T x = ref MemoryMarshal.GetReference(a);
        ref T y = ref MemoryMarshal.GetReference(b);
        Distance how = distance;
        WideDoubleLane s0 = 0;
        WideDoubleLane s1 = 0;
        int i = 0;
        for (; i <= a.Length - Width; i += Width)
        {
            s0 = TTerm.Add(Load<T, WideDoubleLane>(ref x, i), Load<T, WideDoubleLane>(ref y, i), how, s0);
            s1 = TTerm.Add(Load<T, WideDoubleLane>(ref x, i + 8), Load<T, WideDoubleLane>(ref y, i + 8), how, s1);
        }

        if (i == a.Length)
        {
            return Sums.Fold(s0, s1);
        }

        Span<double> sums = stackalloc double[Width];
        WideDoubleLane.Store(s0, ref MemoryMarshal.GetReference(sums), 0);
        WideDoubleLane.Store(s1, ref MemoryMarshal.GetReference(sums), 8);
        return WithTail<T, TTerm, WideDoubleLane>(a[i..], b[i..], how, sums);
    }

    private static double WithTail<T, TTerm, V>(
        ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance, Span<double> sums)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm
        where V : struct, IVectorLane<V, double>
    {
        Span<T> x = stackalloc T[2 * Width];
        x.Clear();
        a.CopyTo(x);
        b.CopyTo(x[Width..]);
        Span<double> more = stackalloc double[Width];
        ref T start = ref MemoryMarshal.GetReference(x);
        for (int i = 0; i < a.Length; i += V.Count)
        {
            V sum = V.Load(ref MemoryMarshal.GetReference(sums), i);
            sum = TTerm.Add(Load<T, V>(ref start, i), Load<T, V>(ref start, Width + i), distance, sum);
            V.Store(sum, ref MemoryMarshal.GetReference(more), i);
        }

        // What lies beyond the vectors' end adds nothing.
        more[..a.Length].CopyTo(sums);
        return Sums.Fold(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load<T, V>(ref T origin, int offset)
        where T : unmanaged
        where V : struct, IVectorLane<V, double> =>
        Widened<T, V>.Load(ref origin, offset);
}
