using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>What two coordinates add to a sum.</summary>
internal interface IDistanceTerm
{
    static abstract DoubleLane Add(DoubleLane a, DoubleLane b, in Distance distance, DoubleLane sum);
}

/// <summary>(a - b + eps)².</summary>
internal readonly struct SquareTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLane Add(DoubleLane a, DoubleLane b, in Distance distance, DoubleLane sum)
    {
        DoubleLane difference = a - b + DoubleLane.All(distance.Eps);
        return DoubleLane.MultiplyAdd(difference, difference, sum);
    }
}

/// <summary>|a - b + eps|.</summary>
internal readonly struct MagnitudeTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLane Add(DoubleLane a, DoubleLane b, in Distance distance, DoubleLane sum) =>
        sum + DoubleLane.Abs(a - b + DoubleLane.All(distance.Eps));
}

/// <summary>|a - b + eps|^p.</summary>
internal readonly struct PowerTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLane Add(DoubleLane a, DoubleLane b, in Distance distance, DoubleLane sum) =>
        sum + DoubleLane.Pow(DoubleLane.Abs(a - b + DoubleLane.All(distance.Eps)), distance.Power);
}

/// <summary>a · b.</summary>
internal readonly struct ProductTerm : IDistanceTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLane Add(DoubleLane a, DoubleLane b, in Distance distance, DoubleLane sum) =>
        DoubleLane.MultiplyAdd(a, b, sum);
}

/// <summary>Sums over the coordinates of two vectors, in the order of <see cref="Sums"/>.</summary>
internal static class DistanceSums
{
    private const int Width = Sums.Accumulators;

    /// <summary>The sum of a term over all coordinates; floats are widened in registers.</summary>
    public static double Of<T, TTerm>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance)
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
            s0 = TTerm.Add(Widened<T>.Load(ref x, i), Widened<T>.Load(ref y, i), how, s0);
            s1 = TTerm.Add(Widened<T>.Load(ref x, i + 4), Widened<T>.Load(ref y, i + 4), how, s1);
            s2 = TTerm.Add(Widened<T>.Load(ref x, i + 8), Widened<T>.Load(ref y, i + 8), how, s2);
            s3 = TTerm.Add(Widened<T>.Load(ref x, i + 12), Widened<T>.Load(ref y, i + 12), how, s3);
        }

        return i == a.Length
            ? Sums.Fold(s0, s1, s2, s3)
            : WithTail<T, TTerm>(a[i..], b[i..], how, s0, s1, s2, s3);
    }

    private static double WithTail<T, TTerm>(
        ReadOnlySpan<T> a, ReadOnlySpan<T> b, in Distance distance, DoubleLane s0, DoubleLane s1, DoubleLane s2,
        DoubleLane s3)
        where T : unmanaged
        where TTerm : struct, IDistanceTerm
    {
        Span<T> x = stackalloc T[2 * Width];
        x.Clear();
        a.CopyTo(x);
        b.CopyTo(x[Width..]);
        Span<double> sums = stackalloc double[Width];
        Store(s0, s1, s2, s3, sums);
        Span<double> more = stackalloc double[Width];
        ref T start = ref MemoryMarshal.GetReference(x);
        for (int i = 0; i < a.Length; i += DoubleLane.Count)
        {
            DoubleLane sum = DoubleLane.Load(ref MemoryMarshal.GetReference(sums), i);
            sum = TTerm.Add(Widened<T>.Load(ref start, i), Widened<T>.Load(ref start, Width + i), distance, sum);
            DoubleLane.Store(sum, ref MemoryMarshal.GetReference(more), i);
        }

        // What lies beyond the vectors' end adds nothing.
        more[..a.Length].CopyTo(sums);
        return Sums.Fold(sums);
    }

    private static void Store(DoubleLane s0, DoubleLane s1, DoubleLane s2, DoubleLane s3, Span<double> sums)
    {
        ref double sum = ref MemoryMarshal.GetReference(sums);
        DoubleLane.Store(s0, ref sum, 0);
        DoubleLane.Store(s1, ref sum, 4);
        DoubleLane.Store(s2, ref sum, 8);
        DoubleLane.Store(s3, ref sum, 12);
    }
}
