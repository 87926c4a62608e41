using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    /// <summary>
    /// softplus(x), softplus(-x), σ(x) and σ(-x) from one exponential and one division, each accurate relative to
    /// itself in both tails: at most 2 ulp for the first two, 2 ulp for the others, on all floats.
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
        sigmoidPos = Vector256.ConditionalSelect(positive, large, small);
        sigmoidNeg = Vector256.ConditionalSelect(positive, small, large);
    }

    /// <summary>1/(1 + e^-x), at most 2 ulp on all floats; the same bits as <see cref="Logistic(V, out V, out V,
    /// out V, out V)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Sigmoid(V x)
    {
        V e = ExpNonPositive(-Vector256.Abs(x));
        V large = SigmoidHalves(e, out V small);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, V.Zero), large, small);
    }

    /// <summary>ln(1 + e^x), at most 2 ulp on all floats; the same bits as <see cref="Logistic(V, out V, out V,
    /// out V, out V)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Softplus(V x)
    {
        V negative = -Vector256.Abs(x);
        return Log1pUnit(ExpNonPositive(negative)) - (negative & Vector256.GreaterThan(x, V.Zero));
    }

    /// <summary>tanh(x), at most 2 ulp on all floats; -0 gives -0.</summary>
    /// <remarks>x + x³·p(x²) below 0.55, where 1 - 2/(e^2x + 1) begins to cancel (Cody and Waite, ch. 13).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Tanh(V x)
    {
        const float Threshold = 0.55f, Saturated = 10f; // tanh(9.011) already rounds to 1
        const float P0 = -0.333333164f, P1 = 0.133325562f, P2 = -0.053849645f, P3 = 0.0210620109f, P4 = -0.00626189634f;

        V magnitude = Vector256.Abs(x);
        V saturates = Vector256.GreaterThan(magnitude, Vector256.Create(Saturated));
        V clamped = Vector256.ConditionalSelect(saturates, Vector256.Create(Saturated), magnitude);
        V e = (ExpReduced(clamped + clamped, BiasSingle, out Vector256<int> n) + V.One) * (n << 23).AsSingle();
        V outer = V.One - Vector256.Create(2f) / (V.One + e);

        V z = magnitude * magnitude;
        V p = Fma(Fma(Vector256.Create(P4), z * z, Line(P2, P3, z)), z * z, Line(P0, P1, z));
        V inner = Fma(magnitude * z, p, magnitude);
        V isInner = Vector256.LessThan(magnitude, Vector256.Create(Threshold));
        return WithSign(Vector256.ConditionalSelect(isInner, inner, outer), x);
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

    /// <summary>ln(1 + e) for e in [0, 1]: e·p(e - c), p of degree 9, 2^-27.1 relative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Log1pUnit(V e)
    {
        // Expanding about a point near the middle keeps the terms from cancelling as 1 - e/2 + e²/3 ... does at 1. This
        // one of all k/1024 has p(0) and p'(0) nearest to floats.
        const float Centre = 493f / 1024f;
        const float P0 = 0.816329837f, P1 = -0.29351899f, P2 = 0.136454046f, P3 = -0.0704797506f, P4 = 0.0386011899f,
            P5 = -0.0219005086f, P6 = 0.0125280432f, P7 = -0.00761900051f, P8 = 0.00575168524f, P9 = -0.00315470621f;

        V w = e - Vector256.Create(Centre);
        V w2 = w * w;
        V w4 = w2 * w2;
        V low = Fma(Line(P3, P4, w), w2, Line(P1, P2, w));
        V high = Fma(Vector256.Create(P9), w4, Fma(Line(P7, P8, w), w2, Line(P5, P6, w)));
        return Fma(e, Vector256.Create(P0), e * w * Fma(high, w4, low)); // e·P0 unrounded: p(w) itself is never rounded
    }
}
