using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using W = System.Runtime.Intrinsics.Vector256<double>;

namespace LossService.Engine.Lanes;

internal static partial class LaneMath
{
    // 1.5 * 2^52: adding it leaves a number's nearest integer in the low bits of the sum.
    private const double RoundDouble = 6755399441055744d;
    private const double ExpOverflowDouble = 709.782712893384; // the last double whose exponential is finite
    private const double Ln2High = 0.6931471805598903; // 42 bits: its product with an exponent is exact
    private const double Ln2Low = 5.497923018708371e-14;
    private const int BiasDouble = 1023;

    /// <summary>e^x, at most 0.9 ulp; 0 below -746, infinity above 709.782712893384.</summary>
    /// <remarks>As for float, q of degree 9, 2^-57.4 relative.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Exp(W x)
    {
        W s = ExpReduced(x, 2 * BiasDouble, out Vector256<long> n);
        // In two halves for the same reason as in float: the first product is exact, the second rounds once.
        Vector256<long> half = n >>> 1;
        W scale = (half << 52).AsDouble();
        W value = Fma(s, scale, scale) * ((n - half) << 52).AsDouble();
        value = Vector256.AndNot(value, Vector256.LessThan(x, Vector256.Create(-746d)));
        W overflows = Vector256.GreaterThan(x, Vector256.Create(ExpOverflowDouble));
        return Select(overflows, Vector256.Create(double.PositiveInfinity), value);
    }

    /// <summary>e^x for x ≤ 0, the same bits as <see cref="Exp(W)"/> in fewer operations; x > 0 is a mistake.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W ExpNonPositive(W x)
    {
        const int Lift = 500;
        const double Drop = 3.054936363499605e-151; // 2^-500
        W s = ExpReduced(x, BiasDouble + Lift, out Vector256<long> n);
        W value = Fma(s, Vector256.Create(Drop), Vector256.Create(Drop)) * (n << 52).AsDouble();
        return Vector256.AndNot(value, Vector256.LessThan(x, Vector256.Create(-746d)));
    }

    /// <summary>e^x - 1 without cancellation, at most 1.7 ulp; -0 gives -0.</summary>
    /// <remarks>As for float: 2^n·expm1(r) + (2^n - 1) in one rounding.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Expm1(W x)
    {
        W s = ExpReduced(x, BiasDouble, out Vector256<long> n);
        // 2^1024 is no double: above 709 use half of 2^n (a mask is -1 as an integer) and double at the end.
        W high = Vector256.GreaterThan(x, Vector256.Create(709d));
        W scale = ((n + high.AsInt64()) << 52).AsDouble();
        W value = Fma(s, scale, scale - W.One) * (W.One + (high & W.One));
        value = Select(Vector256.LessThan(x, Vector256.Create(-40d)), -W.One, value);
        W overflows = Vector256.GreaterThan(x, Vector256.Create(ExpOverflowDouble));
        value = Select(overflows, Vector256.Create(double.PositiveInfinity), value);
        return WithSign(value, x);
    }

    /// <summary>ln(x), at most 0.9 ulp; 0 gives -infinity, negative gives NaN.</summary>
    /// <remarks>x = 2^k·(1 + f) with 1 + f in [√½, √2).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Log(W x)
    {
        W f = SplitExponent(Normal(x, out W shift), out W k) - W.One;
        return LogSpecials(LogReduced(f, k - shift), x, W.Zero);
    }

    /// <summary>ln(1 + x) without cancellation, at most 0.9 ulp; -1 gives -infinity, below gives NaN, -0 gives -0.
    /// </summary>
    /// <remarks>1 + x only chooses k; f = 2^-k·x + (2^-k - 1) is then formed from x itself in one rounding.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W Log1p(W x)
    {
        Vector256<long> bits = (W.One + x).AsInt64() - Vector256.Create(RootHalfBits);
        Vector256<long> power = bits & Vector256.Create(unchecked((long)0xFFF0000000000000)); // k as an exponent
        W scale = (Vector256.Create(0x4010000000000000) - power).AsDouble() * Vector256.Create(0.25); // 2^-k
        W k = ExponentOf(bits + Vector256.Create((long)BiasDouble << 52));
        W value = LogReduced(Fma(x, scale, scale - W.One), k);
        return WithSign(LogSpecials(value, x, -W.One), x);
    }

    private const long RootHalfBits = 0x3FE6A09E667F3BCD;

    /// <summary>expm1 of x - n·ln(2), n the nearest integer to x / ln(2); n + bias is in the low bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W ExpReduced(W x, int bias, out Vector256<long> n)
    {
        const double Log2E = 1.4426950408889634;
        const double Q0 = 0.5, Q1 = 0.16666666666666433, Q2 = 0.041666666666603784, Q3 = 0.008333333333500581,
            Q4 = 0.001388888892687867, Q5 = 0.0001984126946503791, Q6 = 2.4801508565158304e-05,
            Q7 = 2.755764183881775e-06, Q8 = 2.7625238530927775e-07, Q9 = 2.4978119422416494e-08;

        W magic = Vector256.Create(RoundDouble + bias);
        W shifted = Fma(x, Vector256.Create(Log2E), magic);
        n = shifted.AsInt64();
        W whole = shifted - magic;
        // r in two parts, of which the first is exact; only the polynomial sees their rounded sum.
        W high = Fma(whole, Vector256.Create(-Ln2High), x);
        W low = whole * Vector256.Create(-Ln2Low);
        W r = high + low;
        W r2 = r * r;
        W r4 = r2 * r2;
        W first = Fma(Line(Q2, Q3, r), r2, Line(Q0, Q1, r));
        W third = Fma(Line(Q8, Q9, r), r4, Fma(Line(Q6, Q7, r), r2, Line(Q4, Q5, r)));
        return high + Fma(Fma(third, r4, first), r2, low);
    }

    /// <summary>k·ln(2) + ln(1 + f) for 1 + f in [√½, √2]: s = f/(2 + f), 2s + s·z·r(z) with z = s², 2^-59.5 relative.
    /// </summary>
    /// <remarks>Arranged as in Sun's fdlibm (e_log.c): f and k·ln(2) are added last because they are exact.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W LogReduced(W f, W k)
    {
        const double R0 = 0.6666666666666734, R1 = 0.39999999999417146, R2 = 0.2857142874186663,
            R3 = 0.22222198624000306, R4 = 0.18183561811943688, R5 = 0.15314111883066128, R6 = 0.14795363782225837;

        W s = f / (Vector256.Create(2d) + f);
        W z = s * s;
        W z2 = z * z;
        W low = Fma(Line(R2, R3, z), z2, Line(R0, R1, z));
        W high = Fma(Vector256.Create(R6), z2, Line(R4, R5, z));
        W halfSquare = Vector256.Create(0.5) * f * f;
        W tail = Fma(s, Fma(Fma(high, z2 * z2, low), z, halfSquare), k * Vector256.Create(Ln2Low));
        return Fma(k, Vector256.Create(Ln2High), f - (halfSquare - tail));
    }

    /// <summary>Puts the answers outside (pole, infinity) into <paramref name="value"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W LogSpecials(W value, W x, W pole)
    {
        W infinity = Vector256.Create(double.PositiveInfinity);
        value = Select(Vector256.LessThan(x, infinity), value, x);
        value = Select(Vector256.Equals(x, pole), -infinity, value);
        return Select(Vector256.LessThan(x, pole), Vector256.Create(double.NaN), value);
    }

    /// <summary>x, or x·2^52 and a shift of 52 where x is denormal (or not positive, where nobody looks).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W Normal(W x, out W shift)
    {
        W tiny = Vector256.LessThan(x, Vector256.Create(2.2250738585072014e-308));
        shift = tiny & Vector256.Create(52d);
        return Select(tiny, x * Vector256.Create(4503599627370496d), x);
    }

    /// <summary>m in [√½, √2) and k with x = m·2^k, for normal x > 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W SplitExponent(W x, out W k)
    {
        Vector256<long> root = Vector256.Create(RootHalfBits);
        Vector256<long> bits = x.AsInt64() - root;
        k = ExponentOf(bits + Vector256.Create((long)BiasDouble << 52));
        return ((bits & Vector256.Create(0x000FFFFFFFFFFFFF)) + root).AsDouble();
    }

    /// <summary>The biased exponent in bits 52 to 62 as a number, without its bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W ExponentOf(Vector256<long> bits)
    {
        // 2^52 with the exponent in its low bits. A conversion from int64 does not exist before AVX-512.
        const long TwoTo52 = 0x4330000000000000;
        W biased = ((bits >>> 52) | Vector256.Create(TwoTo52)).AsDouble();
        return biased - Vector256.Create(4503599627370496d + BiasDouble);
    }
}
