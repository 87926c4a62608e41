using System.Globalization;
using System.Runtime.Intrinsics;
using LossService.Engine.Lanes;
using W = System.Runtime.Intrinsics.Vector256<double>;

namespace LossService.Tests.Engine.Lanes;

/// <summary>Double functions of LaneMath against <see cref="DoubleDouble"/> on random points: each range evenly, and
/// as many points again crowding towards its lower end, down to 2^-40 of its width.</summary>
internal static class LaneMathDoubleSweep
{
    /// <summary>A function, what it should give, the bound its doc comment states, and where it is looked at.</summary>
    internal sealed record Subject(
        string Name, Func<W, W> Lanes, Func<double, (DoubleDouble Value, int Exponent)> Exact, double UlpBound,
        params (double From, double To)[] Ranges);

    internal static IReadOnlyList<Subject> Subjects { get; } =
    [
        new("Exp", LaneMath.Exp, Exp, 0.9, (-745, 709.78), (-2, 2), (-745, -707), (-1e-9, 1e-9)),
        new("ExpNonPositive", x => LaneMath.ExpNonPositive(-Vector256.Abs(x)), x => Exp(-Math.Abs(x)), 0.9,
            (-745, 0), (-2, 0)),
        new("Expm1", LaneMath.Expm1, x => (DoubleDouble.Expm1(x), 0), 1.7, (-50, 50), (-2, 2), (-1e-9, 1e-9)),
        new("Log", LaneMath.Log, x => (DoubleDouble.Log(x), 0), 0.9, (0, 1e300), (0, 10), (0.5, 2), (0, 1e-307)),
        new("Log1p", LaneMath.Log1p, x => (DoubleDouble.Log1p(x), 0), 0.9,
            (-1, 10), (-0.9, 2), (-1e-9, 1e-9), (0, 1e300)),
        new("Tanh", LaneMath.Tanh, x => (DoubleDouble.Tanh(x), 0), 1.5, (-22, 22), (-1, 1), (-1e-9, 1e-9)),
        new("Atan", LaneMath.Atan, x => (DoubleDouble.Atan(x), 0), 1, (-50, 50), (-3, 3), (-1e-9, 1e-9), (-1e18, 1e18)),
        new("Sigmoid", LaneMath.Sigmoid, Sigmoid, 1.5, (-745, 50), (-3, 3), (-745, -707)),
        new("SigmoidNeg", SigmoidNeg, x => Sigmoid(-x), 1.5, (-50, 745), (-3, 3)),
        new("Softplus", LaneMath.Softplus, Softplus, 1.8, (-745, 50), (-3, 3), (-745, -707)),
        new("SoftplusNeg", SoftplusNeg, x => Softplus(-x), 1.8, (-50, 745), (-3, 3)),
        new("Pow(2.5)", x => LaneMath.Pow(x, 2.5), x => Power(x, 2.5), 1.4, (0, 1e120), (0, 10), (0.5, 2), (0, 1e-120)),
        new("Pow(-0.7)", x => LaneMath.Pow(x, -0.7), x => Power(x, -0.7), 1.4, (0, 1e300), (0, 10), (0, 1e-307)),
        new("Pow(300)", x => LaneMath.Pow(x, 300), x => Power(x, 300), 1.4, (0.09, 10.6), (0.99, 1.01)),
        new("Pow(3)", x => LaneMath.Pow(x, 3), x => Power(x, 3), 2, (0, 10)),
    ];

    /// <summary>Prints the worst error of each function over 400,000 points a range, a minute in all.</summary>
    /// <returns>Whether every bound holds.</returns>
    internal static bool Run(TextWriter output)
    {
        bool holds = true;
        Random random = new(1);
        foreach (Subject subject in Subjects)
        {
            (double Ulp, double At) worst = subject.Ranges
                .Select(range => Measure(subject, range.From, range.To, 400_000, random)).MaxBy(found => found.Ulp);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{subject.Name,-16} {worst.Ulp:F4} ulp at {worst.At:R} (bound {subject.UlpBound})"));
            output.Flush();
            holds &= worst.Ulp <= subject.UlpBound;
        }

        return holds;
    }

    /// <summary>The worst error over random points of a range, half of them spread over the exponents.</summary>
    internal static (double Ulp, double At) Measure(Subject subject, double from, double to, int count, Random random)
    {
        (double Ulp, double At) worst = default;
        for (int i = 0; i < count; i += 4)
        {
            W x = W.Zero;
            for (int lane = 0; lane < 4; lane++)
            {
                double u = random.NextDouble();
                double value = from + ((to - from) * (lane % 2 == 0 ? u : Math.Pow(2, -40 * u)));
                x = x.WithElement(lane, Math.Clamp(value, Math.BitIncrement(from), to));
            }

            W y = subject.Lanes(x);
            for (int lane = 0; lane < 4; lane++)
            {
                (DoubleDouble value, int exponent) = subject.Exact(x[lane]);
                double ulp = Ulps(y[lane], value, exponent);
                worst = ulp > worst.Ulp ? (ulp, x[lane]) : worst;
            }
        }

        return worst;
    }

    private static double Ulps(double actual, DoubleDouble exact, int exponent)
    {
        if (exact.Hi == 0 || !double.IsFinite(actual))
        {
            return actual == exact.Hi ? 0 : double.PositiveInfinity;
        }

        int unit = Math.Max(Math.ILogB(exact.Hi) + exponent - 52, -1074) - exponent;
        DoubleDouble error = ((DoubleDouble)Math.ScaleB(actual, -exponent)) - exact;
        return Math.Abs(Math.ScaleB(error.Hi, -unit));
    }

    private static (DoubleDouble, int) Exp(double x)
    {
        DoubleDouble value = DoubleDouble.Exp(x, out int exponent);
        return (value, exponent);
    }

    private static (DoubleDouble, int) Sigmoid(double x)
    {
        DoubleDouble e = DoubleDouble.Exp(-Math.Abs(x), out int exponent);
        DoubleDouble below = e.Scaled(Math.Max(exponent, -900)) + 1;
        return x > 0 ? ((DoubleDouble)1 / below, 0) : (e / below, exponent);
    }

    private static (DoubleDouble, int) Softplus(double x)
    {
        DoubleDouble e = DoubleDouble.Exp(-Math.Abs(x), out int exponent);
        return exponent < -300 && x < 0 ? (e, exponent)
            : (DoubleDouble.Log1p(e.Scaled(Math.Max(exponent, -900))) + Math.Max(x, 0), 0);
    }

    private static (DoubleDouble, int) Power(double x, double exponent)
    {
        DoubleDouble value = DoubleDouble.Exp(DoubleDouble.Log(x) * exponent, out int scale);
        return (value, scale);
    }

    private static W SigmoidNeg(W x)
    {
        LaneMath.Logistic(x, out _, out _, out _, out W value);
        return value;
    }

    private static W SoftplusNeg(W x)
    {
        LaneMath.Logistic(x, out _, out W value, out _, out _);
        return value;
    }
}
