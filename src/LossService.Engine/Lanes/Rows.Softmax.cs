using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>The sweep of a softmax over a part of a row: exponentials and their sum in one visit.</summary>
internal static partial class Rows
{
    /// <summary>The longest part of a row that is summed in its own width before it joins a sum of doubles.</summary>
    public const int PartMax = FoldEvery;

    /// <summary>e^(row - shift), element by element, but 0 for the element <paramref name="left"/> (-1 for none); and
    /// their sum, in sixteen accumulators.</summary>
    /// <remarks>Fetches as many numbers that stand behind the row on the way: most often they are the next one, and
    /// the machine's own foresight ends with a page.</remarks>
    public static double ExpSum<T, V>(ReadOnlySpan<T> row, T shift, int left, Span<T> exps)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        const int Group = Sums.Accumulators;
        Span<T> sums = stackalloc T[Group];
        sums.Clear();
        ref T from = ref MemoryMarshal.GetReference(row);
        ref T to = ref MemoryMarshal.GetReference(exps);
        ref T sum = ref MemoryMarshal.GetReference(sums);
        V top = V.All(shift);
        int whole = row.Length & -Group;
        int apart = left < 0 ? whole : left & -Group;
        Add<T, V>(ref from, ref to, 0, Math.Min(apart, whole), row.Length, top, ref sum);
        if (apart < whole)
        {
            AddGroupWithout<T, V>(ref from, ref to, apart, left, top, ref sum);
            Add<T, V>(ref from, ref to, apart + Group, whole, row.Length, top, ref sum);
        }

        if (whole < row.Length)
        {
            AddTail<T, V>(row[whole..], left - whole, top, exps[whole..], ref sum);
        }

        return Fold(ref sum);
    }

    /// <summary>Four numbers in doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLane Wide<T>(ref T origin, int offset) where T : unmanaged =>
        new(typeof(T) == typeof(double)
            ? Vector256.LoadUnsafe(ref Unsafe.As<T, double>(ref origin), (nuint)offset)
            : Vector256.WidenLower(
                Vector128.LoadUnsafe(ref Unsafe.As<T, float>(ref origin), (nuint)offset).ToVector256()));

    /// <summary>As many numbers in doubles as a lane holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static D Widened<T, D>(ref T origin, int offset)
        where T : unmanaged
        where D : struct, IVectorLane<D, double> =>
        typeof(D) == typeof(DoubleLane) ? Unsafe.BitCast<DoubleLane, D>(Wide(ref origin, offset))
        : typeof(T) == typeof(double) ? D.Load(ref Unsafe.As<T, double>(ref origin), offset)
        : Unsafe.BitCast<WideDoubleLane, D>(new(Vector512.WidenLower(
            Vector256.LoadUnsafe(ref Unsafe.As<T, float>(ref origin), (nuint)offset).ToVector512())));

    // Sixteen numbers at a time; the accumulators stay in registers from start to end. Two of eight numbers change
    // places instead of having an exponential each: of two the compiler keeps all constants in registers and the sums
    // in memory, 1.1x the time.
    private static void Add<T, V>(ref T from, ref T to, int start, int end, int ahead, V top, ref T sum)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        if (V.Count >= Sums.Accumulators / 2)
        {
            bool isWhole = V.Count == Sums.Accumulators; // one vector holds all
            V a = V.Load(ref sum, 0);
            V b = isWhole ? a : V.Load(ref sum, V.Count);
            for (nint i = start; i < end; i += V.Count)
            {
                Cache.Fetch(ref from, i + ahead);
                V one = V.ExpNonPositive(V.Load(ref from, i) - top);
                V.Store(one, ref to, i);
                if (isWhole)
                {
                    a += one;
                }
                else
                {
                    (a, b) = (b, a + one);
                }
            }

            V.Store(a, ref sum, 0);
            if (!isWhole)
            {
                V.Store(b, ref sum, V.Count);
            }

            return;
        }

        for (int i = start; i < end; i += V.Count)
        {
            V one = V.ExpNonPositive(V.Load(ref from, i) - top);
            V.Store(one, ref to, i);
            int place = i % Sums.Accumulators;
            V.Store(V.Load(ref sum, place) + one, ref sum, place);
        }
    }

    // A group of sixteen with one to leave out, which steps in as 0 between the exponentials and their sum.
    private static void AddGroupWithout<T, V>(ref T from, ref T to, int start, int left, V top, ref T sum)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        for (int k = 0; k < Sums.Accumulators; k += V.Count)
        {
            V.Store(V.ExpNonPositive(V.Load(ref from, start + k) - top), ref to, start + k);
        }

        Unsafe.Add(ref to, left) = T.Zero;
        for (int k = 0; k < Sums.Accumulators; k += V.Count)
        {
            V.Store(V.Load(ref sum, k) + V.Load(ref to, start + k), ref sum, k);
        }
    }

    // What is left out, or past the end of the row, is -infinity here and adds nothing.
    private static void AddTail<T, V>(ReadOnlySpan<T> row, int left, V top, Span<T> exps, ref T sum)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        Span<T> room = stackalloc T[Sums.Accumulators];
        room.Fill(T.NegativeInfinity);
        row.CopyTo(room);
        if (left >= 0)
        {
            room[left] = T.NegativeInfinity;
        }

        ref T at = ref MemoryMarshal.GetReference(room);
        Add<T, V>(ref at, ref at, 0, Sums.Accumulators, 0, top, ref sum);
        room[..row.Length].CopyTo(exps);
    }

    // The sum of sixteen numbers, folded by halves as Sums.Fold does.
    private static double Fold<T>(ref T sums) where T : unmanaged
    {
        Vector256<double> fours = (Wide(ref sums, 0).Vector + Wide(ref sums, 8).Vector)
            + (Wide(ref sums, 4).Vector + Wide(ref sums, 12).Vector);
        Vector128<double> pairs = fours.GetLower() + fours.GetUpper();
        return pairs[0] + pairs[1];
    }
}
