using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>Sums in a fixed order: element i goes to accumulator i mod 16, the sixteen are folded by halves, and blocks
/// are joined by a fixed tree. All in doubles; the error does not grow with the length.</summary>
internal static class Sums
{
    /// <summary>How many accumulators there are, whatever the vector's width.</summary>
    public const int Accumulators = 16;

    // As many as sixteen accumulators add up before their sum joins others by pairs.
    private const int Piece = 2048;

    /// <summary>The sum of any number of numbers: pieces of them, joined by a tree that their number alone
    /// shapes.</summary>
    public static double Of<T>(ReadOnlySpan<T> numbers) where T : unmanaged
    {
        if (numbers.Length <= Piece)
        {
            return OfBlock(numbers);
        }

        int half = Half(numbers.Length);
        return Of(numbers[..half]) + Of(numbers[half..]);
    }

    /// <summary>The same of numbers that are made one by one, each asked for once and in order.</summary>
    public static double Of(int count, Func<int, double> numberAt) => Of(0, count, numberAt);

    /// <summary>The sum of one block's numbers.</summary>
    public static double OfBlock<T>(ReadOnlySpan<T> numbers) where T : unmanaged
    {
        Span<double> sums = stackalloc double[Accumulators];
        if (typeof(T) == typeof(float))
        {
            Accumulate(MemoryMarshal.Cast<T, float>(numbers), sums);
        }
        else
        {
            Accumulate(MemoryMarshal.Cast<T, double>(numbers), sums);
        }

        return Fold(sums);
    }

    /// <summary>Adds up sixteen accumulators by halves.</summary>
    public static double Fold(ReadOnlySpan<double> sums)
    {
        Debug.Assert(sums.Length == Accumulators, "there are always sixteen");
        ref double first = ref MemoryMarshal.GetReference(sums);
        return Fold<DoubleLane>(
            DoubleLane.Load(ref first, 0), DoubleLane.Load(ref first, 4),
            DoubleLane.Load(ref first, 8), DoubleLane.Load(ref first, 12));
    }

    /// <summary>Adds up sixteen accumulators that still are in registers, in the same order; of wide vectors the first
    /// two hold all.</summary>
    public static double Fold<V>(V s0, V s1, V s2, V s3) where V : struct, IVectorLane<V, double>
    {
        V all = V.Count == Accumulators / 2 ? s0 + s1 : (s0 + s2) + (s1 + s3);
        Vector256<double> four = typeof(V) == typeof(WideDoubleLane)
            ? Halved(Unsafe.BitCast<V, WideDoubleLane>(all).Vector)
            : Unsafe.BitCast<V, DoubleLane>(all).Vector;
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];

        static Vector256<double> Halved(Vector512<double> eight) => eight.GetLower() + eight.GetUpper();
    }

    /// <summary>Joins the sums of blocks by pairs, then pairs of pairs; destroys <paramref name="partials"/>.</summary>
    public static double OfPartials(Span<double> partials)
    {
        for (int count = partials.Length; count > 1; count = (count + 1) / 2)
        {
            for (int pair = 0; pair < count / 2; pair++)
            {
                partials[pair] = partials[2 * pair] + partials[(2 * pair) + 1];
            }

            if (count % 2 == 1)
            {
                partials[count / 2] = partials[count - 1];
            }
        }

        return partials.Length == 0 ? 0 : partials[0];
    }

    private static double Of(int start, int count, Func<int, double> numberAt)
    {
        if (count <= Piece)
        {
            return OfPiece(start, count, numberAt);
        }

        int half = Half(count);
        return Of(start, half, numberAt) + Of(start + half, count - half, numberAt);
    }

    // Apart, so that only the piece at hand has its numbers on the stack.
    private static double OfPiece(int start, int count, Func<int, double> numberAt)
    {
        Span<double> numbers = stackalloc double[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = numberAt(start + i);
        }

        return OfBlock<double>(numbers);
    }

    private static int Half(int count) => (count + (2 * Piece) - 1) / (2 * Piece) * Piece;

    private static void Accumulate(ReadOnlySpan<float> numbers, Span<double> sums)
    {
        ref float start = ref MemoryMarshal.GetReference(numbers);
        Vector256<double> s0 = default;
        Vector256<double> s1 = default;
        Vector256<double> s2 = default;
        Vector256<double> s3 = default;
        int i = 0;
        for (; i <= numbers.Length - Accumulators; i += Accumulators)
        {
            (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.LoadUnsafe(ref start, (nuint)i));
            (Vector256<double> c, Vector256<double> d) = Vector256.Widen(Vector256.LoadUnsafe(ref start, (nuint)i + 8));
            s0 += a;
            s1 += b;
            s2 += c;
            s3 += d;
        }

        s0.CopyTo(sums);
        s1.CopyTo(sums[4..]);
        s2.CopyTo(sums[8..]);
        s3.CopyTo(sums[12..]);
        for (int k = 0; i < numbers.Length; i++, k++)
        {
            sums[k] += numbers[i];
        }
    }

    private static void Accumulate(ReadOnlySpan<double> numbers, Span<double> sums)
    {
        ref double start = ref MemoryMarshal.GetReference(numbers);
        Vector256<double> s0 = default;
        Vector256<double> s1 = default;
        Vector256<double> s2 = default;
        Vector256<double> s3 = default;
        int i = 0;
        for (; i <= numbers.Length - Accumulators; i += Accumulators)
        {
            s0 += Vector256.LoadUnsafe(ref start, (nuint)i);
            s1 += Vector256.LoadUnsafe(ref start, (nuint)i + 4);
            s2 += Vector256.LoadUnsafe(ref start, (nuint)i + 8);
            s3 += Vector256.LoadUnsafe(ref start, (nuint)i + 12);
        }

        s0.CopyTo(sums);
        s1.CopyTo(sums[4..]);
        s2.CopyTo(sums[8..]);
        s3.CopyTo(sums[12..]);
        for (int k = 0; i < numbers.Length; i++, k++)
        {
            sums[k] += numbers[i];
        }
    }
}
