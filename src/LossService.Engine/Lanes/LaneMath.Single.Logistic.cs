using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    /// <summary>
    /// softplus(x), softplus(-x), σ(x) and σ(-x) from one exponential and one division, each accurate relative to
    /// itself in both tails: at most 1.8 ulp for the first two, 1.48 ulp for the others, on all floats.
    /// </summary>
    /// <remarks>With e = exp(-|x|): softplus = max(±x, 0) + log1p(e), σ = 1/(1 + e) and e/(1 + e). No output is the
    /// difference of others, so none cancels.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Logistic(V x, out V softplusPos, out V softplusNeg, out V sigmoidPos, out V sigmoidNeg)
    {
        V negative = -Vector256.Abs(x);
        V positive = Vector256.GreaterThan(x, V.Zero);
        V e = ExpNonPositive(negative);
        V log = Log1pUnit(e);
        softplusPos = log - (negative & positive);
        softplusNeg = log - Vector256.AndNot(negative, positive);
        V large = SigmoidHalves(e, out V small);
        V swap = (large ^ small) & positive;
        sigmoidPos = small ^ swap;
        sigmoidNeg = large ^ swap;
    }

    /// <summary>softplus(-|x|), and σ(|x|) and σ(-|x|) as <paramref name="large"/> and <paramref name="small"/>, from
    /// e = exp(-|x|); the same bits as <see cref="Logistic(V, out V, out V, out V, out V)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V SoftplusOfExp(V e, out V large, out V small)
    {
        large = SigmoidHalves(e, out small);
        return Log1pUnit(e);
    }

    /// <summary>1/(1 + e^-x), at most 1.48 ulp on all floats; the same bits as <see cref="Logistic(V, out V, out V,
    /// out V, out V)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Sigmoid(V x)
    {
        V e = ExpNonPositive(-Vector256.Abs(x));
        V large = SigmoidHalves(e, out V small);
        return Select(Vector256.GreaterThan(x, V.Zero), large, small);
    }

    /// <summary>ln(1 + e^x), at most 1.8 ulp on all floats; the same bits as <see cref="Logistic(V, out V, out V,
    /// out V, out V)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Softplus(V x)
    {
        V negative = -Vector256.Abs(x);
        return Log1pUnit(ExpNonPositive(negative)) - (negative & Vector256.GreaterThan(x, V.Zero));
    }

    /// <summary>ln(1 + e^x), at most 1.62 ulp on all floats, for a loss that is nothing else.</summary>
    /// <remarks>The exponential in two parts: what rounding it has lost moves the logarithm by 1/(1 + e) as much, for
    /// which 1 - e + e²/2 is near enough. The logarithm's last sum is in two parts too.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V SoftplusAlone(V x)
    {
        V negative = -Vector256.Abs(x);
        V e = ExpNonPositive(negative, out V lost);
        V slope = Fma(e, Fma(e, Vector256.Create(0.5f), -V.One), V.One);
        V e2 = e * e;
        V bend = Log1pUnitBend(e, e2);
        V log = Fma(bend, e2, e);
        log += Fma(lost, slope, Fma(bend, e2, e - log));
        return log - (negative & Vector256.GreaterThan(x, V.Zero));
    }

    /// <summary>tanh(x), at most 1.42 ulp on all floats; -0 gives -0.</summary>
    /// <remarks>x + x³·p(x²) below 0.55, where 1 - 2/(e^2x + 1) begins to cancel (Cody and Waite, ch. 13).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Tanh(V x)
    {
        const float Threshold = 0.55f, Saturated = 10f; // tanh(9.011) already rounds to 1
        const float P0 = -0.333333164f, P1 = 0.133325562f, P2 = -0.053849645f, P3 = 0.0210620109f, P4 = -0.00626189634f;

        V magnitude = Vector256.Abs(x);
        V saturates = Vector256.GreaterThan(magnitude, Vector256.Create(Saturated));
        V clamped = Select(saturates, Vector256.Create(Saturated), magnitude);
        V s = ExpReduced(clamped + clamped, BiasSingle, out Vector256<int> n);
        V scale = (n << 23).AsSingle();
        V e = Fma(s, scale, scale);
        V outer = V.One - (Vector256.Create(2f) / (V.One + e));

        V z = magnitude * magnitude;
        V p = Fma(Fma(Vector256.Create(P4), z * z, Line(P2, P3, z)), z * z, Line(P0, P1, z));
        V inner = Fma(magnitude * z, p, magnitude);
        V isInner = Vector256.LessThan(magnitude, Vector256.Create(Threshold));
        return WithSign(Select(isInner, inner, outer), x);
    }

    /// <summary>1/(1 + e) and, as <paramref name="small"/>, e/(1 + e), for e in [0, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V SigmoidHalves(V e, out V small)
    {
        // The quotient's distance from 1/(1 + e), with the rounding of 1 + e in it: 1 - quotient is exact. Putting it
        // back leaves each half one rounding and the error of e; without it e/(1 + e) misses 2 ulp.
        V quotient = V.One / (V.One + e);
        V residual = Fma(-quotient, e, V.One - quotient);
        small = Fma(e, quotient, e * quotient * residual);
        return Fma(quotient, residual, quotient);
    }

    /// <summary>ln(1 + e) for e in [0, 1]: e + e²·q(e), q of degree 8, 2^-27.5 relative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Log1pUnit(V e)
    {
        V e2 = e * e;
        return Fma(Log1pUnitBend(e, e2), e2, e);
    }

    /// <summary>q of <see cref="Log1pUnit(V)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Log1pUnitBend(V e, V e2)
    {
        const float Q0 = -0.499999315f, Q1 = 0.333304793f, Q2 = -0.249582946f, Q3 = 0.196940422f, Q4 = -0.153518006f,
            Q5 = 0.106748909f, Q6 = -0.0576118864f, Q7 = 0.0201780666f, Q8 = -0.00331285945f;

        V e4 = e2 * e2;
        V low = Fma(Line(Q3, Q4, e), e2, Line(Q1, Q2, e));
        V high = Fma(Line(Q7, Q8, e), e2, Line(Q5, Q6, e));
        // Q0 joins last, not in a leaf: one rounding of its size less.
        return Fma(Fma(high, e4, low), e, Vector256.Create(Q0));
    }
}
