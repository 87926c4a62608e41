using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using W = System.Runtime.Intrinsics.Vector256<double>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    /// <summary>arctan(x), at most 1 ulp; ±infinity gives ±π/2, -0 gives -0.</summary>
    /// <remarks>Reduced to |t| ≤ tan(π/8) by one of t, (t - 1)/(t + 1), -1/t with one division, as in Cephes' atan;
    /// then t + t³·p(t²), p of degree 10, 2^-59.4 relative.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Atan(W x)
    {
        const double TanPiOver8 = 0.41421356237309503, Tan3PiOver8 = 2.414213562373095;
        const double HalfPiHigh = 1.5707963267948966, HalfPiLow = 6.123233995736766e-17;
        const double P0 = -0.333333333333332, P1 = 0.19999999999953708, P2 = -0.14285714280204506,
            P3 = 0.11111110783773584, P4 = -0.09090897766028999, P5 = 0.07692060364732697, P6 = -0.06663105859435146,
            P7 = 0.058479035352998275, P8 = -0.05039374201635867, P9 = 0.03806647096657395, P10 = -0.017909463097692067;

        W magnitude = Vector256.Abs(x);
        W middle = Vector256.GreaterThan(magnitude, Vector256.Create(TanPiOver8));
        W steep = Vector256.GreaterThan(magnitude, Vector256.Create(Tan3PiOver8));
        // The angle already turned, as a fraction of π/2: 0, 1/2 or 1. Its products below are exact.
        W turned = (middle & Vector256.Create(0.5)) + (steep & Vector256.Create(0.5));
        W numerator = Select(steep, -W.One, magnitude - (middle & W.One));
        W denominator = Select(steep, magnitude, W.One + (middle & magnitude));
        W t = numerator / denominator;
        W z = t * t;
        W z2 = z * z;
        W z4 = z2 * z2;
        W low = Fma(Line(P2, P3, z), z2, Line(P0, P1, z));
        W mid = Fma(Line(P6, P7, z), z2, Line(P4, P5, z));
        W high = Fma(Vector256.Create(P10), z2, Line(P8, P9, z));
        W p = Fma(Fma(high, z4, mid), z4, low);
        W value = Fma(t * z, p, turned * Vector256.Create(HalfPiLow)) + t;
        return WithSign(Fma(turned, Vector256.Create(HalfPiHigh), value), x);
    }

    /// <summary>
    /// x to a finite power for x ≥ 0, at most 2 ulp, for a real exponent 1.4 ulp; products for 0, 1, 2, 3 and 4 and a
    /// root for 0.5, which also take x &lt; 0 as the formula says. Otherwise x &lt; 0 gives NaN. x^0 is 1 for every x.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Pow(W x, double exponent)
    {
        Debug.Assert(double.IsFinite(exponent));
        if (exponent == 2)
        {
            return x * x;
        }

        if (exponent == 1)
        {
            return x;
        }

        if (exponent == 0)
        {
            return W.One;
        }

        if (exponent == 3)
        {
            return x * x * x;
        }

        if (exponent == 4)
        {
            W square = x * x;
            return square * square;
        }

        return exponent == 0.5 ? Vector256.Sqrt(x) : PowReal(x, exponent);
    }

    /// <summary>2^(y·log2 x) with the logarithm in two parts, 2^-66 relative, so that the error does not grow with
    /// |y·log2 x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W PowReal(W x, double exponent)
    {
        W power = Vector256.Create(exponent);
        Log2InTwo(x, out W logHigh, out W logLow);
        W high = logHigh * power;
        W low = Fma(logHigh, power, -high) + logLow * power;
        W value = Exp2InTwo(high, low);

        W infinity = Vector256.Create(double.PositiveInfinity);
        W atZero = Vector256.Create(exponent > 0 ? 0d : double.PositiveInfinity);
        W atInfinity = Vector256.Create(exponent > 0 ? double.PositiveInfinity : 0d);
        value = Select(Vector256.Equals(x, W.Zero), atZero, value);
        value = Select(Vector256.Equals(x, infinity), atInfinity, value);
        W inDomain = Vector256.GreaterThanOrEqual(x, W.Zero); // false for NaN, which the split of x has lost
        return Select(inDomain, value, Vector256.Create(double.NaN));
    }

    /// <summary>log2(x) of a positive x as an unevaluated sum.</summary>
    /// <remarks>log2(x) = k + 2/ln(2)·(s + s·z·(1/3 + z·r(z))), s = (m - 1)/(m + 1), z = s². Whatever weighs more than
    /// 2^-12 of the sum is carried in two parts by Dekker's sums and fused products (Muller et al., Handbook of
    /// Floating-Point Arithmetic, 2nd ed.).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Log2InTwo(W x, out W high, out W low)
    {
        const double TwoOverLn2High = 2.8853900817779268, TwoOverLn2Low = 4.0710547481862066e-17;
        const double ThirdHigh = 0.3333333333333333, ThirdLow = 1.850371707708594e-17;
        const double R0 = 0.20000000000001128, R1 = 0.14285714285049833, R2 = 0.11111111259948994,
            R3 = 0.09090892184860375, R4 = 0.07693378601126731, R5 = 0.06628410423177263, R6 = 0.06598149757319155;

        W m = SplitExponent(Normal(x, out W shift), out W k);
        k -= shift;
        W f = m - W.One;
        W d = m + W.One;
        W dLow = m - (d - W.One);
        W s = f / d;
        W sLow = Fma(-s, dLow, Fma(-s, d, f)) / d;

        W z = s * s;
        W zLow = Fma(s + s, sLow, Fma(s, s, -z));
        W z2 = z * z;
        W r = Fma(Fma(Vector256.Create(R6), z2, Line(R4, R5, z)), z2 * z2, Fma(Line(R2, R3, z), z2, Line(R0, R1, z)));
        W c = Fma(z, r, ThirdHigh);
        W cLow = Fma(z, r, Vector256.Create(ThirdHigh) - c) + Vector256.Create(ThirdLow);
        W u = z * c;
        W uLow = Fma(z, cLow, Fma(zLow, c, Fma(z, c, -u)));
        W v = s * u;
        W vLow = Fma(s, uLow, Fma(sLow, u, Fma(s, u, -v))) + sLow;
        W sum = s + v;
        W sumLow = (s - sum) + v + vLow;

        W factor = Vector256.Create(TwoOverLn2High);
        W product = sum * factor;
        W productLow = Fma(sum, Vector256.Create(TwoOverLn2Low), Fma(sumLow, factor, Fma(sum, factor, -product)));
        high = k + product;
        low = (k - high) + product + productLow;
    }

    /// <summary>2^(high + low): 1 + f·p(f) for |f| ≤ ½, p of degree 10, 2^-57.4 relative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W Exp2InTwo(W high, W low)
    {
        const double P0 = 0.6931471805599453, P1 = 0.2402265069591013, P2 = 0.0555041086648223,
            P3 = 0.00961812910759437, P4 = 0.001333355814637107, P5 = 0.0001540353045685119,
            P6 = 1.5252733814765274e-05, P7 = 1.3215435392509323e-06, P8 = 1.0178083012971327e-07,
            P9 = 7.0737669617416e-09, P10 = 4.45050420421687e-10;

        W magic = Vector256.Create(RoundDouble + (2 * BiasDouble));
        W shifted = high + magic;
        W f = (high - (shifted - magic)) + low;
        W f2 = f * f;
        W f4 = f2 * f2;
        W first = Fma(Line(P2, P3, f), f2, Line(P0, P1, f));
        W second = Fma(Line(P6, P7, f), f2, Line(P4, P5, f));
        W third = Fma(Vector256.Create(P10), f2, Line(P8, P9, f));
        W p = Fma(f, Fma(Fma(third, f4, second), f4, first), W.One);

        Vector256<long> n = shifted.AsInt64();
        Vector256<long> half = n >>> 1;
        W value = p * (half << 52).AsDouble() * ((n - half) << 52).AsDouble();
        value = Vector256.AndNot(value, Vector256.LessThan(high, Vector256.Create(-1080d)));
        W overflows = Vector256.GreaterThan(high, Vector256.Create(1024.5));
        return Select(overflows, Vector256.Create(double.PositiveInfinity), value);
    }
}
