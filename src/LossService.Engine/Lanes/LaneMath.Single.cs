using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    // 1.5 * 2^23: adding it leaves a number's nearest integer in the low bits of the sum.
    private const float RoundSingle = 12582912f;
    private const float ExpOverflowSingle = 88.72283f; // the last float whose exponential is finite
    private const int BiasSingle = 127;

    /// <summary>e^x, at most 0.78 ulp on all floats, near 0.5 on most; 0 below -104, infinity above 88.72283.</summary>
    /// <remarks>Cody and Waite's reduction (Software Manual for the Elementary Functions, 1980, ch. 6) to
    /// |r| ≤ ln(2)/2 and 1 + r + r²·q(r), q of degree 4, 2^-28.2 relative.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Exp(V x)
    {
        V high = ExpReduced(x, 2 * BiasSingle, out Vector256<int> n, out V rest);
        // 1 + high with what its rounding loses: a loss that is little but an exponential shows each half of an ulp.
        V sum = V.One + high;
        V s = sum + (high - (sum - V.One) + rest);
        // 2^n in two halves: n runs from -150 to 128 and one exponent field does not. The first product is exact, so
        // the second one rounds once, into the denormals too.
        Vector256<int> half = n >>> 1;
        V scale = (half << 23).AsSingle();
        V value = s * scale * ((n - half) << 23).AsSingle();
        value = Vector256.AndNot(value, Vector256.LessThan(x, Vector256.Create(-104f)));
        V overflows = Vector256.GreaterThan(x, Vector256.Create(ExpOverflowSingle));
        return Select(overflows, Vector256.Create(float.PositiveInfinity), value);
    }

    /// <summary>e^x for x ≤ 0, at most 0.88 ulp in fewer operations than <see cref="Exp(V)"/>, for kernels that take one
    /// exponential after the other; x > 0 is a mistake.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V ExpNonPositive(V x)
    {
        V s = ExpReduced(Lifted(x), BiasSingle + Lift, out Vector256<int> n);
        return Fma(s, Vector256.Create(Drop), Vector256.Create(Drop)) * (n << 23).AsSingle();
    }

    /// <summary>e^x for x ≤ 0 in two parts, the second of which is what rounding the first has lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V ExpNonPositive(V x, out V lost)
    {
        V high = ExpReduced(Lifted(x), BiasSingle + Lift, out Vector256<int> n, out V rest);
        V sum = V.One + high;
        V low = high - (sum - V.One) + rest;
        V s = sum + low;
        V scale = (n << 23).AsSingle();
        lost = (sum - s + low) * Vector256.Create(Drop) * scale;
        return s * Vector256.Create(Drop) * scale;
    }

    // 2^(n + 100) is always normal; the exact factor 2^-100 then takes the one rounding into the denormals.
    private const int Lift = 100;
    private const float Drop = 1f / (1L << 50) / (1L << 50);

    // Below, the lifted power is 0 itself, so that -infinity costs no underflow, which is slow; a NaN passes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Lifted(V x) => Larger(Vector256.Create(-157.34f), x);

    /// <summary>e^x - 1 without cancellation, at most 1.59 ulp on all floats; -0 gives -0.</summary>
    /// <remarks>The reduction of <see cref="Exp(V)"/>, then 2^n·expm1(r) + (2^n - 1) in one rounding
    /// (Muller, Elementary Functions, 3rd ed.).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Expm1(V x)
    {
        V s = ExpReduced(x, BiasSingle, out Vector256<int> n);
        // 2^128 is no float: above 88 use half of 2^n (a mask is -1 as an integer) and double at the end.
        V high = Vector256.GreaterThan(x, Vector256.Create(88f));
        V scale = ((n + high.AsInt32()) << 23).AsSingle();
        V value = Fma(s, scale, scale - V.One) * (V.One + (high & V.One));
        value = Select(Vector256.LessThan(x, Vector256.Create(-20f)), -V.One, value);
        V overflows = Vector256.GreaterThan(x, Vector256.Create(ExpOverflowSingle));
        value = Select(overflows, Vector256.Create(float.PositiveInfinity), value);
        return WithSign(value, x);
    }

    /// <summary>ln(x), at most 0.96 ulp on all floats; 0 gives -infinity, negative gives NaN.</summary>
    /// <remarks>x = 2^k·(1 + f) with 1 + f in [2/3, 4/3) (Muller, Elementary Functions, 3rd ed.), no division.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Log(V x)
    {
        V tiny = Vector256.LessThan(x, Vector256.Create(1.17549435e-38f));
        V normal = Select(tiny, x * Vector256.Create(8388608f), x); // times 2^23
        Vector256<int> bits = normal.AsInt32() - Vector256.Create(TwoThirdsBits);
        Vector256<int> k = (bits >> 23) + (tiny.AsInt32() & Vector256.Create(-23));
        V f = ((bits & Vector256.Create(0x007FFFFF)) + Vector256.Create(TwoThirdsBits)).AsSingle() - V.One;
        V value = LogReduced(f, Vector256.ConvertToSingle(k));
        return LogSpecials(value, x, V.Zero);
    }

    /// <summary>ln(1 + x) without cancellation, at most 1.58 ulp on all floats; -1 gives -infinity, below gives
    /// NaN, -0 gives -0.</summary>
    /// <remarks>1 + x only chooses k; f = 2^-k·x + (2^-k - 1) is then formed from x itself in one rounding.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Log1p(V x)
    {
        Vector256<int> bits = (V.One + x).AsInt32() - Vector256.Create(TwoThirdsBits);
        Vector256<int> power = bits & Vector256.Create(unchecked((int)0xFF800000)); // k in the place of an exponent
        V scale = (Vector256.Create(0x40800000) - power).AsSingle() * Vector256.Create(0.25f); // 2^-k, k up to 128
        V value = LogReduced(Fma(x, scale, scale - V.One), Vector256.ConvertToSingle(bits >> 23));
        return WithSign(LogSpecials(value, x, -V.One), x);
    }

    private const int TwoThirdsBits = 0x3F2AAAAB;

    /// <summary>expm1 of x - n·ln(2), n the nearest integer to x / ln(2); n + bias is in the low bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V ExpReduced(V x, int bias, out Vector256<int> n) =>
        ExpReduced(x, bias, out n, out V rest) + rest;

    // The same as a sum that is not rounded yet.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V ExpReduced(V x, int bias, out Vector256<int> n, out V rest)
    {
        const float Log2E = 1.44269502f;
        const float Ln2High = 0.693145752f; // 15 bits: its product with n is exact
        const float Ln2Low = 1.42860677e-06f;
        const float Q0 = 0.49999994f, Q1 = 0.166665211f, Q2 = 0.0416682549f, Q3 = 0.0083686756f, Q4 = 0.00138217222f;

        V magic = Vector256.Create(RoundSingle + bias);
        V shifted = Fma(x, Vector256.Create(Log2E), magic);
        n = shifted.AsInt32();
        V whole = shifted - magic;
        // r in two parts, of which the first is exact; only the polynomial sees their rounded sum.
        V high = Fma(whole, Vector256.Create(-Ln2High), x);
        V low = whole * Vector256.Create(-Ln2Low);
        V r = high + low;
        V r2 = r * r;
        V q = Fma(Fma(Vector256.Create(Q4), r2, Line(Q2, Q3, r)), r2, Line(Q0, Q1, r));
        rest = Fma(q, r2, low);
        return high;
    }

    /// <summary>k·ln(2) + ln(1 + f) for |f| ≤ 1/3: f + f²·q(f), q of degree 8, 2^-27.7 relative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LogReduced(V f, V k)
    {
        const float Ln2 = 0.693147182f; // 2^-28.4 relative: one part is enough
        const float Q0 = -0.5f, Q1 = 0.333332151f, Q2 = -0.249998018f, Q3 = 0.200104445f, Q4 = -0.166803092f,
            Q5 = 0.140053436f, Q6 = -0.121866249f, Q7 = 0.139866784f, Q8 = -0.128817871f;

        V f2 = f * f;
        V f4 = f2 * f2;
        V low = Fma(Line(Q3, Q4, f), f2, Line(Q1, Q2, f));
        V high = Fma(Line(Q7, Q8, f), f2, Line(Q5, Q6, f));
        // Q0 joins last, not in a leaf: one rounding of its size less.
        return Fma(k, Vector256.Create(Ln2), Fma(Fma(Fma(high, f4, low), f, Q0), f2, f));
    }

    /// <summary>Puts the answers outside (pole, infinity) into <paramref name="value"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LogSpecials(V value, V x, V pole)
    {
        V infinity = Vector256.Create(float.PositiveInfinity);
        value = Select(Vector256.LessThan(x, infinity), value, x);
        value = Select(Vector256.Equals(x, pole), -infinity, value);
        return Select(Vector256.LessThan(x, pole), Vector256.Create(float.NaN), value);
    }
}
