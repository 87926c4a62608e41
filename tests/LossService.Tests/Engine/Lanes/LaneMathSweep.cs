using System.Globalization;
using System.Runtime.Intrinsics;
using LossService.Engine.Lanes;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace LossService.Tests.Engine.Lanes;

/// <summary>Float functions of LaneMath against float64 references, on every bit pattern or on each stride-th one.
/// </summary>
internal static class LaneMathSweep
{
    /// <summary>A function, what it should give, and the bound its doc comment states.</summary>
    internal sealed record Subject(string Name, Func<V, V> Lanes, Func<double, double> Exact, double UlpBound);

    /// <summary>The largest error found and where.</summary>
    internal readonly record struct Worst(double Ulp, float At);

    internal static IReadOnlyList<Subject> Subjects { get; } =
    [
        new("Exp", LaneMath.Exp, Math.Exp, 0.78),
        new("ExpNonPositive", x => LaneMath.ExpNonPositive(-Vector256.Abs(x)), x => Math.Exp(-Math.Abs(x)), 0.88),
        new("Expm1", LaneMath.Expm1, Expm1, 1.59),
        new("Log", LaneMath.Log, Math.Log, 0.96),
        new("Log1p", LaneMath.Log1p, Log1p, 1.58),
        new("Sqrt", LaneMath.Sqrt, Math.Sqrt, 0.5),
        new("Tanh", LaneMath.Tanh, Math.Tanh, 1.42),
        new("Atan", LaneMath.Atan, Math.Atan, 1.5),
        new("Sigmoid", LaneMath.Sigmoid, Sigmoid, 1.48),
        new("Softplus", LaneMath.Softplus, Softplus, 1.8),
        new("SoftplusAlone", LaneMath.SoftplusAlone, Softplus, 1.62),
        new("Pow(2.5)", x => LaneMath.Pow(x, 2.5), x => Math.Pow(Math.Abs(x), 2.5) * (x < 0 ? double.NaN : 1), 0.51),
        new("Pow(-0.7)", x => LaneMath.Pow(x, -0.7), x => Math.Pow(Math.Abs(x), -0.7) * (x < 0 ? double.NaN : 1), 0.51),
        new("Pow(4)", x => LaneMath.Pow(x, 4), x => x * x * (x * x), 2),
    ];

    /// <summary>Sweeps all 2^32 floats for each subject, about two minutes each on one core.</summary>
    /// <returns>Whether every bound holds.</returns>
    internal static bool Run(TextWriter output)
    {
        bool holds = true;
        foreach (Subject subject in Subjects)
        {
            Worst worst = Measure(subject, stride: 1);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{subject.Name,-16} {worst.Ulp:F4} ulp at {worst.At:R} (bound {subject.UlpBound})"));
            output.Flush();
            holds &= worst.Ulp <= subject.UlpBound;
        }

        return holds;
    }

    /// <summary>The worst error over bit patterns 0, stride, 2·stride ... of one subject.</summary>
    internal static Worst Measure(Subject subject, uint stride)
    {
        Worst worst = default;
        Vector256<uint> steps = Vector256<uint>.Indices * stride;
        for (ulong first = 0; first <= uint.MaxValue; first += 8UL * stride)
        {
            V x = (Vector256.Create((uint)first) + steps).AsSingle();
            V y = subject.Lanes(x);
            for (int lane = 0; lane < 8; lane++)
            {
                double ulp = Ulps(y[lane], subject.Exact(x[lane]));
                if (ulp > worst.Ulp)
                {
                    worst = new(ulp, x[lane]);
                }
            }
        }

        return worst;
    }

    /// <summary>Distance in units of the float spacing at the exact value; infinity where only one of them is NaN.
    /// Infinity counts as 2^128, so a wrong overflow costs its distance to the limit.</summary>
    internal static double Ulps(float actual, double exact)
    {
        if (double.IsNaN(exact) || float.IsNaN(actual))
        {
            return double.IsNaN(exact) == float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        }

        const double Overflow = 340282366920938463463374607431768211456d; // 2^128
        double limited = Math.Clamp(exact, -Overflow, Overflow);
        double found = Math.Clamp((double)actual, -Overflow, Overflow);
        int exponent = (int)((BitConverter.DoubleToUInt64Bits(exact) >> 52) & 0x7FF) - 1023;
        long unit = Math.Clamp(exponent, -126, 127) - 23 + 1023;
        return Math.Abs(found - limited) / BitConverter.Int64BitsToDouble(unit << 52);
    }

    // Kahan's forms: the error of the rounded argument cancels in the quotient. System.Math has neither function.
    internal static double Expm1(double x)
    {
        double e = Math.Exp(x);
        return e == 1 || double.IsNaN(x) ? x
            : e - 1 == -1 ? -1
            : double.IsInfinity(e) ? e
            : (e - 1) * x / Math.Log(e);
    }

    internal static double Log1p(double x)
    {
        double u = 1 + x;
        return u == 1 || x == double.PositiveInfinity ? x : u > 0 ? Math.Log(u) * x / (u - 1) : Math.Log(u);
    }

    internal static double Sigmoid(double x)
    {
        double e = Math.Exp(-Math.Abs(x));
        return (x > 0 ? 1 : e) / (1 + e);
    }

    internal static double Softplus(double x) => (x > 0 ? x : 0) + Log1p(Math.Exp(-Math.Abs(x)));
}
