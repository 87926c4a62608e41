using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using W = System.Runtime.Intrinsics.Vector256<double>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    /// <summary>
    /// softplus(x), softplus(-x), σ(x) and σ(-x) from one exponential and one division, each accurate relative to
    /// itself in both tails: at most 1.8 ulp for the first two, 1.5 ulp for the others.
    /// </summary>
    /// <remarks>As for float.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Logistic(W x, out W softplusPos, out W softplusNeg, out W sigmoidPos, out W sigmoidNeg)
    {
        W negative = -Vector256.Abs(x);
        W positive = Vector256.GreaterThan(x, W.Zero);
        W e = ExpNonPositive(negative);
        W log = Log1pUnit(e);
        softplusPos = log - (negative & positive);
        softplusNeg = log - Vector256.AndNot(negative, positive);
        W large = SigmoidHalves(e, out W small);
        W swap = (large ^ small) & positive;
        sigmoidPos = small ^ swap;
        sigmoidNeg = large ^ swap;
    }

    /// <summary>softplus(-|x|), and σ(|x|) and σ(-|x|) as <paramref name="large"/> and <paramref name="small"/>, from
    /// e = exp(-|x|); the same bits as <see cref="Logistic(W, out W, out W, out W, out W)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W SoftplusOfExp(W e, out W large, out W small)
    {
        large = SigmoidHalves(e, out small);
        return Log1pUnit(e);
    }

    /// <summary>1/(1 + e^-x), at most 1.5 ulp; the same bits as <see cref="Logistic(W, out W, out W, out W,
    /// out W)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Sigmoid(W x)
    {
        W e = ExpNonPositive(-Vector256.Abs(x));
        W large = SigmoidHalves(e, out W small);
        return Select(Vector256.GreaterThan(x, W.Zero), large, small);
    }

    /// <summary>ln(1 + e^x), at most 1.8 ulp; the same bits as <see cref="Logistic(W, out W, out W, out W,
    /// out W)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Softplus(W x)
    {
        W negative = -Vector256.Abs(x);
        return Log1pUnit(ExpNonPositive(negative)) - (negative & Vector256.GreaterThan(x, W.Zero));
    }

    /// <summary>tanh(x), at most 1.5 ulp; -0 gives -0.</summary>
    /// <remarks>As for float, p of degree 10, 2^-60.6 relative.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Tanh(W x)
    {
        const double Threshold = 0.55, Saturated = 20; // tanh(19.07) already rounds to 1
        const double P0 = -0.333333333333333, P1 = 0.13333333333326594, P2 = -0.053968253963749095,
            P3 = 0.021869488385594188, P4 = -0.008863232597882395, P5 = 0.003592091999630999,
            P6 = -0.0014555426717374924, P7 = 0.0005884438467006233, P8 = -0.0002333800910924822,
            P9 = 8.33145111223264e-05, P10 = -1.9493581805535696e-05;

        W magnitude = Vector256.Abs(x);
        W saturates = Vector256.GreaterThan(magnitude, Vector256.Create(Saturated));
        W clamped = Select(saturates, Vector256.Create(Saturated), magnitude);
        W s = ExpReduced(clamped + clamped, BiasDouble, out Vector256<long> n);
        W scale = (n << 52).AsDouble();
        W e = Fma(s, scale, scale);
        W outer = W.One - (Vector256.Create(2d) / (W.One + e));

        W z = magnitude * magnitude;
        W z2 = z * z;
        W z4 = z2 * z2;
        W low = Fma(Line(P2, P3, z), z2, Line(P0, P1, z));
        W middle = Fma(Line(P6, P7, z), z2, Line(P4, P5, z));
        W high = Fma(Vector256.Create(P10), z2, Line(P8, P9, z));
        W inner = Fma(magnitude * z, Fma(Fma(high, z4, middle), z4, low), magnitude);
        W isInner = Vector256.LessThan(magnitude, Vector256.Create(Threshold));
        return WithSign(Select(isInner, inner, outer), x);
    }

    /// <summary>1/(1 + e) and, as <paramref name="small"/>, e/(1 + e), for e in [0, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W SigmoidHalves(W e, out W small)
    {
        // The quotient's distance from 1/(1 + e), with the rounding of 1 + e in it: 1 - quotient is exact. Putting it
        // back leaves each half one rounding and the error of e; without it e/(1 + e) misses 2 ulp.
        W quotient = W.One / (W.One + e);
        W residual = Fma(-quotient, e, W.One - quotient);
        small = Fma(e, quotient, e * quotient * residual);
        return Fma(quotient, residual, quotient);
    }

    /// <summary>ln(1 + e) for e in [0, 1]: e + e²·q(e), q of degree 19, 2^-55.5 relative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W Log1pUnit(W e)
    {
        // Q7, Q18 and Q19 are one step off the fit, which makes ln(2), the loss at zero, round correctly.
        const double Q0 = -0.4999999999999946, Q1 = 0.3333333333323527, Q2 = -0.24999999993687508,
            Q3 = 0.19999999791584008, Q4 = -0.16666662502222587, Q5 = 0.14285658932354667, Q6 = -0.12499479847175907,
            Q7 = 0.11107507146120696, Q8 = -0.09981019186628626, Q9 = 0.09013165828390088, Q10 = -0.08081238640755994,
            Q11 = 0.0703558972804314, Q12 = -0.05750267114375114, Q13 = 0.04230081645176283,
            Q14 = -0.02674453220776738, Q15 = 0.01383893268586253, Q16 = -0.0055432574436242435,
            Q17 = 0.0015957847270509525, Q18 = -0.0002917689654842807, Q19 = 2.5330563318174675e-05;

        W e2 = e * e;
        W e4 = e2 * e2;
        W e8 = e4 * e4;
        W first = Fma(Fma(Line(Q6, Q7, e), e2, Line(Q4, Q5, e)), e4, Fma(Line(Q2, Q3, e), e2, Line(Q0, Q1, e)));
        W second = Fma(Fma(Line(Q14, Q15, e), e2, Line(Q12, Q13, e)), e4, Fma(Line(Q10, Q11, e), e2, Line(Q8, Q9, e)));
        W third = Fma(Line(Q18, Q19, e), e2, Line(Q16, Q17, e));
        return Fma(Fma(Fma(third, e8, second), e8, first), e2, e);
    }
}
