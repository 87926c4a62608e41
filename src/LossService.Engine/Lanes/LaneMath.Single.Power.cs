using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;
using W = System.Runtime.Intrinsics.Vector256<double>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    /// <summary>arctan(x), at most 1.5 ulp on all floats; ±infinity gives ±π/2, -0 gives -0.</summary>
    /// <remarks>arctan(x) = π/2 - arctan(1/x) above 1, then t + t³·p(t²), p of degree 8, 2^-28.5 relative
    /// (Muller, Elementary Functions, 3rd ed.).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Atan(V x)
    {
        const float HalfPiHigh = 1.57079637f, HalfPiLow = -4.37113883e-08f;
        const float P0 = -0.333332986f, P1 = 0.199985355f, P2 = -0.142641246f, P3 = 0.10951639f, P4 = -0.0840199143f,
            P5 = 0.0579344332f, P6 = -0.0311562065f, P7 = 0.0109036202f, P8 = -0.00179128407f;

        V magnitude = Vector256.Abs(x);
        V steep = Vector256.GreaterThan(magnitude, V.One);
        V t = Select(steep, -V.One, magnitude)
            / Select(steep, magnitude, V.One);
        V z = t * t;
        V z2 = z * z;
        V z4 = z2 * z2;
        V low = Fma(Line(P2, P3, z), z2, Line(P0, P1, z));
        V high = Fma(Vector256.Create(P8), z4, Fma(Line(P6, P7, z), z2, Line(P4, P5, z)));
        V value = Fma(t * z, Fma(high, z4, low), t + (steep & Vector256.Create(HalfPiLow)));
        return WithSign(value + (steep & Vector256.Create(HalfPiHigh)), x);
    }

    /// <summary>
    /// x to a finite power for x ≥ 0, at most 2 ulp, for a real exponent 0.51 ulp; products for 0, 1, 2, 3 and 4 and a
    /// root for 0.5, which also take x &lt; 0 as the formula says. Otherwise x &lt; 0 gives NaN. x^0 is 1 for every x.
    /// </summary>
    /// <remarks>A real exponent goes through float64, where 2^(y·log2 x) to 2^-30 relative needs no second part however
    /// large |y·log2 x| is; rounding to float then is the one error that shows, also into the denormals.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Pow(V x, double exponent)
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
            return V.One;
        }

        if (exponent == 3)
        {
            return x * x * x;
        }

        if (exponent == 4)
        {
            V square = x * x;
            return square * square;
        }

        return exponent == 0.5 ? Vector256.Sqrt(x) : PowReal(x, exponent);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V PowReal(V x, double exponent)
    {
        W power = Vector256.Create(exponent);
        V value = Vector256.Narrow(
            PowForSingle(Vector256.WidenLower(x), power),
            PowForSingle(Vector256.WidenUpper(x), power));
        V atZero = Vector256.Create(exponent > 0 ? 0f : float.PositiveInfinity);
        V atInfinity = Vector256.Create(exponent > 0 ? float.PositiveInfinity : 0f);
        V infinity = Vector256.Create(float.PositiveInfinity);
        value = Select(Vector256.Equals(x, V.Zero), atZero, value);
        value = Select(Vector256.Equals(x, infinity), atInfinity, value);
        V inDomain = Vector256.GreaterThanOrEqual(x, V.Zero); // false for NaN, which the split of x has lost
        return Select(inDomain, value, Vector256.Create(float.NaN));
    }

    /// <summary>x^power for a normal x > 0, 2^-30 relative, clamped to what float does not distinguish.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W PowForSingle(W x, W power)
    {
        const double Clamp = 1000; // far beyond float's exponents, within double's
        // log2(x) = k + s·l(s²), s = (m - 1)/(m + 1), |s| < 0.172: 2^-37.3 relative.
        const double L0 = 2.885390081790089, L1 = 0.9617966733426122, L2 = 0.5770835847608039, L3 = 0.4116727310258597,
            L4 = 0.3407298863953556;
        // 2^f = 1 + f·p(f), |f| ≤ 1/2: 2^-34.3 relative.
        const double P0 = 0.6931471807044379, P1 = 0.24022651066856532, P2 = 0.055504103666729254,
            P3 = 0.009618038074521475, P4 = 0.001333393407003421, P5 = 0.00015466777398939142,
            P6 = 1.5196468135850036e-05;

        W m = SplitExponent(x, out W k);
        W s = (m - W.One) / (m + W.One);
        W z = s * s;
        W z2 = z * z;
        W log = Fma(s, Fma(Fma(Vector256.Create(L4), z2, Line(L2, L3, z)), z2, Line(L0, L1, z)), k);

        W y = log * power;
        W clamp = Vector256.Create(Clamp);
        y = Select(Vector256.GreaterThan(y, clamp), clamp, y);
        y = Select(Vector256.LessThan(y, -clamp), -clamp, y);
        W magic = Vector256.Create(RoundDouble + BiasDouble);
        W shifted = y + magic;
        W f = y - (shifted - magic);
        W f2 = f * f;
        W high = Fma(Vector256.Create(P6), f2, Line(P4, P5, f));
        W p = Fma(Fma(high, f2, Line(P2, P3, f)), f2, Line(P0, P1, f));
        return Fma(f, p, W.One) * (shifted.AsInt64() << 52).AsDouble();
    }
}
