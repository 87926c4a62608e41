using System.Runtime.CompilerServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How far two distributions are from a mixture of both.</summary>
internal static class Mixture
{
    // Below it the two addends of a term would cancel more than four bits.
    private const double GapOfNear = 0.125;

    /// <summary>½ p log(p/m) + ½ q log(q/m) of one class, with m = ½ (p + q) and the gap log q - log p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Term<V>(V p, V q, V logQ, V gap) where V : struct, ILane<V>
    {
        V mine = V.Stop(p);
        V other = V.Stop(q);
        V sum = mine + other;
        V apart = V.Select(V.Same(sum, 0), 0, V.Stop(gap));
        Logs(apart, 0.5, out V overP, out V overQ);
        overP = V.Select(V.Same(mine, 0), 0, overP);
        overQ = V.Select(V.Same(other, 0), 0, overQ);

        // What the mixture owes to a side cancels: a side's slope is the logarithm that stands beside it.
        V onP = -(0.5 * overP);
        V onLogQ = -(0.5 * other * overQ);
        V term = V.Select(V.Abs(apart) < GapOfNear, sum * OfNear(apart), (onP * mine) + onLogQ);
        return V.WithSlope(V.WithSlope(term, p, onP), logQ, onLogQ);
    }

    // A term over p + q: with u half the gap it is ½ (u tanh u - log cosh u), whose series has the coefficients of
    // tanh, each times 1 - 1/(2k). Six suffice for doubles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V OfNear<V>(V gap) where V : struct, ILane<V>
    {
        V square = 0.25 * gap * gap;
        V series = V.MultiplyAdd(square, -691 / 42525.0, 62 / 1575.0);
        series = V.MultiplyAdd(square, series, -17 / 180.0);
        series = V.MultiplyAdd(square, series, 2 / 9.0);
        series = V.MultiplyAdd(square, series, -0.5);
        series = V.MultiplyAdd(square, series, 1);
        return 0.25 * square * series;
    }

    /// <summary>log(m/p) and log(m/q) from log q - log p, with m = β p + (1 - β) q and β strictly between 0 and
    /// 1.</summary>
    /// <remarks>From the smaller side on, so that no exponential overflows: where q is it,
    /// log(m/p) = log1p((1 - β) expm1(log q/p)).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Logs<V>(V gap, double beta, out V overP, out V overQ) where V : struct, ILane<V>
    {
        V below = V.Select(gap < 0, gap, -gap);
        V small = V.Log1p(V.Select(gap < 0, 1 - beta, beta) * V.Expm1(below));
        overP = V.Select(gap < 0, small, small + gap);
        overQ = V.Select(gap < 0, small - gap, small);
    }

    /// <summary>The same of one number.</summary>
    public static void Logs(double gap, double beta, out double overP, out double overQ)
    {
        Logs<ScalarLane>(gap, beta, out ScalarLane p, out ScalarLane q);
        (overP, overQ) = (p.Value, q.Value);
    }
}
