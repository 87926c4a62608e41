using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using W = System.Runtime.Intrinsics.Vector256<double>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    /// <summary>
    /// softplus(x), softplus(-x), σ(x) and σ(-x) from one exponential and one division, each accurate relative to
    /// itself in both tails: at most 2 ulp for the first two, 2 ulp for the others.
    /// </summary>
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
        sigmoidPos = Vector256.ConditionalSelect(positive, large, small);
        sigmoidNeg = Vector256.ConditionalSelect(positive, small, large);
    }

    /// <summary>1/(1 + e^-x), at most 2 ulp; the same bits as <see cref="Logistic(W, out W, out W, out W,
    /// out W)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Sigmoid(W x)
    {
        W e = ExpNonPositive(-Vector256.Abs(x));
        W large = SigmoidHalves(e, out W small);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, W.Zero), large, small);
    }

    /// <summary>ln(1 + e^x), at most 2 ulp; the same bits as <see cref="Logistic(W, out W, out W, out W,
    /// out W)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Softplus(W x)
    {
        W negative = -Vector256.Abs(x);
        return Log1pUnit(ExpNonPositive(negative)) - (negative & Vector256.GreaterThan(x, W.Zero));
    }

    /// <summary>tanh(x), at most 2 ulp; -0 gives -0.</summary>
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
        W clamped = Vector256.ConditionalSelect(saturates, Vector256.Create(Saturated), magnitude);
        W e = (ExpReduced(clamped + clamped, BiasDouble, out Vector256<long> n) + W.One) * (n << 52).AsDouble();
        W outer = W.One - Vector256.Create(2d) / (W.One + e);

        W z = magnitude * magnitude;
        W z2 = z * z;
        W z4 = z2 * z2;
        W low = Fma(Line(P2, P3, z), z2, Line(P0, P1, z));
        W middle = Fma(Line(P6, P7, z), z2, Line(P4, P5, z));
        W high = Fma(Vector256.Create(P10), z2, Line(P8, P9, z));
        W inner = Fma(magnitude * z, Fma(Fma(high, z4, middle), z4, low), magnitude);
        W isInner = Vector256.LessThan(magnitude, Vector256.Create(Threshold));
        return WithSign(Vector256.ConditionalSelect(isInner, inner, outer), x);
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

    /// <summary>ln(1 + e) for e in [0, 1]: e·p(e - ½), p of degree 20, 2^-56.1 relative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W Log1pUnit(W e)
    {
        // About the middle, or the terms would cancel as 1 - e/2 + e²/3 ... does at 1.
        const double P0 = 0.8109302162163288, P1 = -0.2885270990993239, P2 = 0.13260975375420156,
            P3 = -0.0676886433109656, P4 = 0.03661185452327152, P5 = -0.020548811919023264, P6 = 0.01183379210520034,
            P7 = -0.006945394978257018, P8 = 0.0041361792184846135, P9 = -0.002491841136198205,
            P10 = 0.0015153815625458123, P11 = -0.0009288580384716662, P12 = 0.0005730757238428249,
            P13 = -0.00035481666659950654, P14 = 0.00022102110175924858, P15 = -0.0001421141810420477,
            P16 = 8.990161516227341e-05, P17 = -4.479983019337674e-05, P18 = 2.7224719916069936e-05,
            P19 = -3.838667590268954e-05, P20 = 2.526981214261652e-05;

        W w = e - Vector256.Create(0.5);
        W w2 = w * w;
        W w4 = w2 * w2;
        W p = Fma(Line(P19, P20, w), w2, Line(P17, P18, w));
        p = Fma(p, w4, Fma(Line(P15, P16, w), w2, Line(P13, P14, w)));
        p = Fma(p, w4, Fma(Line(P11, P12, w), w2, Line(P9, P10, w)));
        p = Fma(p, w4, Fma(Line(P7, P8, w), w2, Line(P5, P6, w)));
        p = Fma(p, w4, Fma(Line(P3, P4, w), w2, Line(P1, P2, w)));
        return Fma(e, Vector256.Create(P0), e * w * p); // e·P0 unrounded: p(w) itself is never rounded
    }
}
