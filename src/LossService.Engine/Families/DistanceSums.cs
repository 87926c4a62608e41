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

/// <summary>What a multiple of the first vector leaves of the second, each times a scale; a difference that is small
/// has all its digits.</summary>
internal readonly record struct Residue(double First, double Second, double Multiple)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Of<V>(V a, V b) where V : struct, ILane<V> =>
        V.MultiplyAdd(V.Of(-Multiple), V.Of(First) * a, V.Of(Second) * b);
}

/// <summary>The square of the residue.</summary>
internal readonly struct ResidueSquareTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Add<V>(V a, V b, in Distance distance, V sum) where V : struct, ILane<V>
    {
        V left = distance.Residue.Of(a, b);
        return V.MultiplyAdd(left, left, sum);
    }
}

/// <summary>The product of the residue and the first vector.</summary>
internal readonly struct ResidueProductTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Add<V>(V a, V b, in Distance distance, V sum) where V : struct, ILane<V> =>
        V.MultiplyAdd(distance.Residue.Of(a, b), V.Of(distance.Residue.First) * a, sum);
}

/// <summary>Sums over the coordinates of two vectors, in the order of <see cref="Sums"/>.</summary>
internal static class DistanceSums
{
    private const int Width = Sums.Accumulators;

    /// <summary>The sum of a term over all coordinates; floats are widened in registers. Few coordinates are no more
    /// than a tail, which wide vectors do not make shorter.</summary>
    public static double Of<T, TTerm>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm =>
        Wide.IsFast && a.Length >= Width
            ? Of<T, TTerm, WideDoubleLane>(a, b, distance)
            : Of<T, TTerm, DoubleLane>(a, b, distance);

    // Sixteen accumulators are two wide vectors, or four.
    private static double Of<T, TTerm, V>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm
        where V : struct, IVectorLane<V, double>
    {
        ref T x = ref MemoryMarshal.GetReference(a);
        ref T y = ref MemoryMarshal.GetReference(b);
        Distance how = distance;
        V s0 = V.Of(0);
        V s1 = s0;
        V s2 = s0;
        V s3 = s0;
        int i = 0;
        for (; i <= a.Length - Width; i += Width)
        {
            s0 = Add<T, TTerm, V>(ref x, ref y, i, how, s0);
            s1 = Add<T, TTerm, V>(ref x, ref y, i + V.Count, how, s1);
            if (V.Count < Width / 2)
            {
                s2 = Add<T, TTerm, V>(ref x, ref y, i + (2 * V.Count), how, s2);
                s3 = Add<T, TTerm, V>(ref x, ref y, i + (3 * V.Count), how, s3);
            }
        }

        if (i == a.Length)
        {
            return Sums.Fold(s0, s1, s2, s3);
        }

        Span<double> sums = stackalloc double[Width];
        ref double sum = ref MemoryMarshal.GetReference(sums);
        V.Store(s0, ref sum, 0);
        V.Store(s1, ref sum, V.Count);
        if (V.Count < Width / 2)
        {
            V.Store(s2, ref sum, 2 * V.Count);
            V.Store(s3, ref sum, 3 * V.Count);
        }

        return WithTail<T, TTerm, V>(a[i..], b[i..], how, sums);
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
            sum = Add<T, TTerm, V>(ref start, ref Unsafe.Add(ref start, Width), i, distance, sum);
            V.Store(sum, ref MemoryMarshal.GetReference(more), i);
        }

        // What lies beyond the vectors' end adds nothing.
        more[..a.Length].CopyTo(sums);
        return Sums.Fold(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Add<T, TTerm, V>(ref T x, ref T y, int at, in Distance distance, V sum)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm
        where V : struct, IVectorLane<V, double> =>
        TTerm.Add(Widened<T, V>.Load(ref x, at), Widened<T, V>.Load(ref y, at), distance, sum);
}
