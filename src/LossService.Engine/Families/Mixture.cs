using System.Runtime.CompilerServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How far two distributions are from a mixture of both.</summary>
internal static class Mixture
{
    /// <summary>β p log(p/m) + (1 - β) q log(q/m) of one class, with m = β p + (1 - β) q and β strictly between 0
    /// and 1.</summary>
    /// <remarks>From the smaller side on, so that no exponential overflows: where q is it,
    /// log(m/p) = log1p((1 - β) expm1(log q/p)).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Term<V>(V p, V logP, V logQ, double beta) where V : struct, ILane<V>
    {
        V mine = V.Stop(p);
        V other = V.Exp(V.Stop(logQ));
        V gap = V.Select(V.Same(mine + other, 0), 0, V.Stop(logQ) - V.Stop(logP));
        Logs(gap, beta, out V overP, out V overQ);
        overP = V.Select(V.Same(mine, 0), 0, overP);
        overQ = V.Select(V.Same(other, 0), 0, overQ);

        // What the mixture owes to a side cancels: a side's slope is the logarithm that stands beside it.
        V onP = -(beta * overP);
        V onLogQ = -((1 - beta) * other * overQ);
        return V.WithSlope(V.WithSlope((onP * mine) + onLogQ, p, onP), logQ, onLogQ);
    }

    /// <summary>log(m/p) and log(m/q) from log q - log p.</summary>
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
