namespace LossService.Tests.Engine.Lanes;

/// <summary>
/// A number of about 106 bits as an unevaluated sum of two doubles, with the elementary functions by the slowest and
/// plainest means (Taylor series after halving the argument, Newton's method), so that they share nothing with the
/// kernels they judge.
/// </summary>
/// <remarks>Arithmetic: Dekker 1971; Muller et al., Handbook of Floating-Point Arithmetic, ch. 14.</remarks>
internal readonly record struct DoubleDouble(double Hi, double Lo)
{
    internal static readonly DoubleDouble Ln2 = new(0.6931471805599453, 2.3190468138462996e-17);
    internal static readonly DoubleDouble HalfPi = new(1.5707963267948966, 6.123233995736766e-17);

    public static implicit operator DoubleDouble(double value) => new(value, 0);

    public static DoubleDouble operator -(DoubleDouble a) => new(-a.Hi, -a.Lo);

    public static DoubleDouble operator -(DoubleDouble a, DoubleDouble b) => a + -b;

    public static DoubleDouble operator +(DoubleDouble a, DoubleDouble b)
    {
        DoubleDouble high = TwoSum(a.Hi, b.Hi);
        DoubleDouble low = TwoSum(a.Lo, b.Lo);
        DoubleDouble sum = Renormalised(high.Hi, high.Lo + low.Hi);
        return Renormalised(sum.Hi, sum.Lo + low.Lo);
    }

    public static DoubleDouble operator *(DoubleDouble a, DoubleDouble b)
    {
        double product = a.Hi * b.Hi;
        return Renormalised(product, Math.FusedMultiplyAdd(a.Hi, b.Hi, -product) + ((a.Hi * b.Lo) + (a.Lo * b.Hi)));
    }

    public static DoubleDouble operator /(DoubleDouble a, DoubleDouble b)
    {
        double first = a.Hi / b.Hi;
        DoubleDouble rest = a - (b * first);
        double second = rest.Hi / b.Hi;
        rest -= b * second;
        return Renormalised(first, second) + (rest.Hi / b.Hi);
    }

    /// <summary>This value times 2^exponent; exact while nothing leaves the range of double.</summary>
    internal DoubleDouble Scaled(int exponent) => new(Math.ScaleB(Hi, exponent), Math.ScaleB(Lo, exponent));

    internal static DoubleDouble Sqrt(DoubleDouble x)
    {
        DoubleDouble root = Math.Sqrt(x.Hi);
        return (root + (x / root)).Scaled(-1);
    }

    /// <summary>e^x times 2^-exponent, with the exponent apart so that the pair never becomes denormal.</summary>
    internal static DoubleDouble Exp(DoubleDouble x, out int exponent)
    {
        exponent = (int)Math.Round(x.Hi / Ln2.Hi);
        return Expm1Small(x - (Ln2 * exponent)) + 1;
    }

    internal static DoubleDouble Expm1(DoubleDouble x)
    {
        if (Math.Abs(x.Hi) < 0.4)
        {
            return Expm1Small(x);
        }

        DoubleDouble mantissa = Exp(x, out int exponent);
        return mantissa.Scaled(exponent) - 1;
    }

    /// <summary>ln(x) by Newton's method on the exponential.</summary>
    internal static DoubleDouble Log(DoubleDouble x)
    {
        int shift = Math.ILogB(x.Hi);
        DoubleDouble m = x.Scaled(-shift);
        DoubleDouble y = Math.Log(m.Hi);
        for (int step = 0; step < 2; step++)
        {
            y += (m * (Expm1Small(-y) + 1)) - 1;
        }

        return y + (Ln2 * shift);
    }

    /// <summary>ln(1 + x); for small x by Newton's method on expm1, which keeps the relative error small.</summary>
    internal static DoubleDouble Log1p(DoubleDouble x)
    {
        if (Math.Abs(x.Hi) > 0.5)
        {
            return Log(x + 1);
        }

        if (Math.Abs(x.Hi) < 1e-100)
        {
            return x;
        }

        DoubleDouble y = x / ((x.Scaled(-1)) + 1);
        for (int step = 0; step < 5; step++)
        {
            DoubleDouble e = Expm1Small(y);
            y -= (e - x) / (e + 1);
        }

        return y;
    }

    internal static DoubleDouble Tanh(DoubleDouble x)
    {
        DoubleDouble e = Expm1(x.Scaled(1));
        return e / (e + 2);
    }

    /// <summary>arctan(x) by halving the angle six times, then the Taylor series.</summary>
    internal static DoubleDouble Atan(DoubleDouble x)
    {
        if (Math.Abs(x.Hi) > 1)
        {
            DoubleDouble quarter = x.Hi > 0 ? HalfPi : -HalfPi;
            return quarter - Atan((DoubleDouble)1 / x);
        }

        DoubleDouble t = x;
        for (int halving = 0; halving < 6; halving++)
        {
            t /= Sqrt((t * t) + 1) + 1;
        }

        DoubleDouble z = t * t;
        DoubleDouble sum = 0;
        for (int n = 29; n > 0; n -= 2)
        {
            sum = ((DoubleDouble)1 / n) - (z * sum);
        }

        return (t * sum).Scaled(6);
    }

    // expm1(x) = (expm1(x/2) + 2)·expm1(x/2), from a Taylor series at x/16.
    private static DoubleDouble Expm1Small(DoubleDouble x)
    {
        DoubleDouble r = x.Scaled(-4);
        DoubleDouble sum = 1;
        for (int n = 18; n > 1; n--)
        {
            sum = (r * sum / n) + 1;
        }

        DoubleDouble e = r * sum;
        for (int doubling = 0; doubling < 4; doubling++)
        {
            e *= e + 2;
        }

        return e;
    }

    private static DoubleDouble TwoSum(double a, double b)
    {
        double sum = a + b;
        double part = sum - a;
        return new(sum, (a - (sum - part)) + (b - part));
    }

    private static DoubleDouble Renormalised(double a, double b)
    {
        double sum = a + b;
        return new(sum, b - (sum - a));
    }
}
