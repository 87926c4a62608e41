using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LossService.Engine.Lanes;

/// <summary>Softmax down the columns of a matrix of classes by rows, a vector of rows at a time: each row is one lane
/// and has the same bits whatever its neighbours.</summary>
internal static class Columns
{
    // So many exponentials are added plainly before their sum joins the total, which carries its own error.
    private const int AddedPlainly = 16;

    /// <summary>Replaces every score by e^(z - top), top being the largest of a row's scores and of its score of
    /// <paramref name="own"/>.</summary>
    /// <param name="matrix">Classes by rows; the class of <paramref name="own"/> is -infinity here.</param>
    /// <param name="stride">From class to class: a whole number of vectors.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="rows">How many rows there are; their last vector may be filled with anything.</param>
    /// <param name="own">In: the score of one class of each row. Out: e^(own - top).</param>
    /// <param name="gap">Out: top - own.</param>
    /// <param name="rest">Out: the sum of the exponentials in <paramref name="matrix"/>.</param>
    public static void Softmax<T, V>(
        Span<T> matrix, int stride, int classes, int rows, Span<T> own, Span<T> gap, Span<T> rest)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        ref T first = ref MemoryMarshal.GetReference(matrix);
        ref T ownAt = ref MemoryMarshal.GetReference(own);
        for (int r = 0; r < rows; r += V.Count)
        {
            V score = V.Load(ref ownAt, r);
            V top = score;
            for (int c = 0; c < classes; c++)
            {
                top = V.Max(top, V.Load(ref first, (c * stride) + r));
            }

            V total = V.Of(0);
            V lost = V.Of(0);
            for (int start = 0; start < classes; start += AddedPlainly)
            {
                int end = Math.Min(start + AddedPlainly, classes);
                V part = V.Of(0);
                for (int c = start; c < end; c++)
                {
                    V power = V.ExpNonPositive(V.Load(ref first, (c * stride) + r) - top);
                    V.Store(power, ref first, (c * stride) + r);
                    part += power;
                }

                // What the rounding of this sum loses (Knuth, TAOCP 2, 4.2.2): a row of many classes stays exact.
                V sum = total + part;
                V added = sum - total;
                lost += (total - (sum - added)) + (part - added);
                total = sum;
            }

            V apart = top - score;
            V.Store(apart, ref MemoryMarshal.GetReference(gap), r);
            V.Store(V.ExpNonPositive(-apart), ref ownAt, r);
            V.Store(total + lost, ref MemoryMarshal.GetReference(rest), r);
        }
    }

    /// <summary>Multiplies each row by its factor.</summary>
    public static void Scale<T, V>(Span<T> matrix, int stride, int classes, int rows, ReadOnlySpan<T> factors)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        ref T first = ref MemoryMarshal.GetReference(matrix);
        for (int r = 0; r < rows; r += V.Count)
        {
            V factor = V.Load(ref MemoryMarshal.GetReference(factors), r);
            for (int c = 0; c < classes; c++)
            {
                V.Store(V.Load(ref first, (c * stride) + r) * factor, ref first, (c * stride) + r);
            }
        }
    }

    /// <summary>Reads contiguous rows into the columns of a matrix that has room for a square of classes at least;
    /// <paramref name="scores"/> may hold more rows than are wanted.</summary>
    public static void FromRows<T>(ReadOnlySpan<T> scores, int classes, int rows, Span<T> matrix, int stride)
        where T : unmanaged
    {
        ref T from = ref MemoryMarshal.GetReference(scores);
        ref T to = ref MemoryMarshal.GetReference(matrix);
        int side = Transpose.Side<T>();
        int r = 0;
        // A row shorter than a square is read together with what follows it, while something does.
        int reach = Math.Max(classes, side);
        for (; r <= rows - side && ((r + side - 1) * classes) + reach <= scores.Length; r += side)
        {
            for (int c = 0; c < classes; c += side)
            {
                // The last block of classes may overlap the one before.
                int at = Math.Max(0, Math.Min(c, classes - side));
                Transpose.Block(
                    ref Unsafe.Add(ref from, (r * classes) + at), classes,
                    ref Unsafe.Add(ref to, (at * stride) + r), stride);
            }
        }

        for (; r < rows; r++)
        {
            for (int c = 0; c < classes; c++)
            {
                matrix[(c * stride) + r] = scores[(r * classes) + c];
            }
        }
    }

    /// <summary>Writes columns back as contiguous rows, exactly as many as there are.</summary>
    public static void ToRows<T>(Span<T> matrix, int stride, int classes, int rows, Span<T> destination)
        where T : unmanaged
    {
        ref T from = ref MemoryMarshal.GetReference(matrix);
        ref T to = ref MemoryMarshal.GetReference(destination);
        int side = Transpose.Side<T>();
        int r = 0;
        // A row shorter than a square spills over the rows after it, which are written later.
        int reach = Math.Max(classes, side);
        for (; r <= rows - side && ((r + side - 1) * classes) + reach <= rows * classes; r += side)
        {
            for (int c = 0; c < classes; c += side)
            {
                int at = Math.Max(0, Math.Min(c, classes - side));
                Transpose.Block(
                    ref Unsafe.Add(ref from, (at * stride) + r), stride,
                    ref Unsafe.Add(ref to, (r * classes) + at), classes);
            }
        }

        for (; r < rows; r++)
        {
            for (int c = 0; c < classes; c++)
            {
                destination[(r * classes) + c] = matrix[(c * stride) + r];
            }
        }
    }
}
