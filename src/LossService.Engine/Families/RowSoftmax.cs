using System.Numerics;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The largest score of a row, which a softmax subtracts, and what infinite scores make of it.</summary>
internal static class RowSoftmax
{
    /// <summary>Returns the largest score. A row with one +Infinity is replaced, in <paramref name="room"/>, by its
    /// one-hot limit; one without a softmax (two +Infinity, or nothing above -Infinity, or a NaN on top) gives
    /// NaN.</summary>
    public static T Top<T, V>(ref Span<T> scores, Span<T> room)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        T top = Rows.Max<T, V>(scores);
        if (T.IsFinite(top))
        {
            return top;
        }

        if (T.IsPositiveInfinity(top) && IsOneHot(scores))
        {
            int winner = scores.IndexOf(top);
            scores = room[..scores.Length];
            scores.Fill(T.NegativeInfinity);
            scores[winner] = T.Zero;
            return T.Zero;
        }

        return T.NaN;
    }

    private static bool IsOneHot<T>(ReadOnlySpan<T> scores) where T : unmanaged, IFloatingPointIeee754<T>
    {
        int infinite = 0;
        foreach (T score in scores)
        {
            infinite += T.IsPositiveInfinity(score) ? 1 : T.IsNaN(score) ? 2 : 0;
        }

        return infinite == 1;
    }
}
