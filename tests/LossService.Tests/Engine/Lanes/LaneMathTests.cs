using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Engine.Lanes;
using Xunit;
using V = System.Runtime.Intrinsics.Vector256<float>;
using W = System.Runtime.Intrinsics.Vector256<double>;

namespace LossService.Tests.Engine.Lanes;

[Trait("Set", "Engine")]
public sealed class LaneMathTests
{
    // Without FMA in hardware each one is a call of about 100 ns: look at fewer samples.
    private static readonly int Thin = Fma.IsSupported ? 1 : 50;

    public static TheoryData<string> SingleNames => [.. LaneMathSweep.Subjects.Select(s => s.Name)];

    public static TheoryData<string> DoubleNames => [.. LaneMathDoubleSweep.Subjects.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(SingleNames))]
    public void Single_SampledBitPatterns_StayWithinBound(string name)
    {
        LaneMathSweep.Subject subject = LaneMathSweep.Subjects.Single(s => s.Name == name);
        LaneMathSweep.Worst worst = LaneMathSweep.Measure(subject, 4093 * (uint)Thin);
        Assert.True(worst.Ulp <= subject.UlpBound, $"{name}: {worst.Ulp} ulp at {worst.At:R}");
    }

    [Theory]
    [MemberData(nameof(SingleNames))]
    public void Single_NeighboursOfPowersOfTwoAndOfReductionBoundaries_StayWithinBound(string name)
    {
        LaneMathSweep.Subject subject = LaneMathSweep.Subjects.Single(s => s.Name == name);
        List<float> centres =
            [0.55f, 1f / 3, 2f / 3, 4f / 3, 9.01f, 10f, 17.3f, 20f, 87.33655f, 88.72283f, 103.97208f, 104f];
        centres.AddRange(Enumerable.Range(-149, 277).Select(e => (float)Math.ScaleB(1, e)));
        centres.AddRange(Enumerable.Range(-151, 282).Select(e => (float)((e + 0.5) * Math.Log(2))));
        foreach (float centre in centres)
        {
            for (int side = -1; side <= 1; side += 2)
            {
                int bits = BitConverter.SingleToInt32Bits(side * centre);
                V x = (Vector256.Create(bits - 4) + Vector256<int>.Indices).AsSingle();
                V y = subject.Lanes(x);
                for (int lane = 0; lane < 8; lane++)
                {
                    double ulp = LaneMathSweep.Ulps(y[lane], subject.Exact(x[lane]));
                    Assert.True(ulp <= subject.UlpBound, $"{name}: {ulp} ulp at {x[lane]:R}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(DoubleNames))]
    public void Double_Samples_StayWithinBound(string name)
    {
        LaneMathDoubleSweep.Subject subject = LaneMathDoubleSweep.Subjects.Single(s => s.Name == name);
        Random random = new(20260101);
        foreach ((double from, double to) in subject.Ranges)
        {
            (double ulp, double at) = LaneMathDoubleSweep.Measure(subject, from, to, 1500 / Thin, random);
            Assert.True(ulp <= subject.UlpBound, $"{name} in [{from}, {to}]: {ulp} ulp at {at:R}");
        }
    }

    /// <summary>One number for all outputs: run it with AVX2 off and with intrinsics off, and on other processors. It
    /// changes only when a coefficient does.</summary>
    [Fact]
    public void Outputs_OnFixedSample_AreTheSameBitsEverywhere()
    {
        ulong hash = 14695981039346656037; // FNV-1a
        for (uint i = 0; i < 400; i++)
        {
            V x = (Vector256<uint>.Indices * 0x1F123BB5u + Vector256.Create(i * 0x9E3779B9u)).AsSingle();
            Vector256<ulong> bits = Vector256<ulong>.Indices * 0x1F123BB59E3779B9u;
            W y = (bits + Vector256.Create(i * 0x9E3779B97F4A7C15u)).AsDouble();
            foreach (LaneMathSweep.Subject subject in LaneMathSweep.Subjects)
            {
                Mix(ref hash, subject.Lanes(x));
                Mix(ref hash, subject.Lanes(x & Vector256.Create(0xC1FFFFFFu).AsSingle())); // below 32 in size
            }

            foreach (LaneMathDoubleSweep.Subject subject in LaneMathDoubleSweep.Subjects)
            {
                Mix(ref hash, subject.Lanes(y));
                Mix(ref hash, subject.Lanes(y & Vector256.Create(0xC03FFFFFFFFFFFFFu).AsDouble()));
            }
        }

        Assert.Equal(17999565853895843946UL, hash);
    }

    [Fact]
    public void Specials_EveryFunction_AreExact()
    {
        const double Inf = double.PositiveInfinity, NaN = double.NaN;
        Check(LaneMath.Exp, LaneMath.Exp, (-Inf, 0), (Inf, Inf), (0, 1), (-0d, 1), (1e5, Inf), (-1e5, 0));
        Check(LaneMath.ExpNonPositive, LaneMath.ExpNonPositive, (-Inf, 0), (0, 1), (-0d, 1), (-1e30, 0));
        Check(LaneMath.Expm1, LaneMath.Expm1, (-Inf, -1), (Inf, Inf), (0, 0), (-0d, -0d), (-1e30, -1), (1e5, Inf));
        Check(LaneMath.Log, LaneMath.Log, (0, -Inf), (-0d, -Inf), (1, 0), (Inf, Inf), (-1, NaN), (-Inf, NaN));
        Check(LaneMath.Log1p, LaneMath.Log1p, (-1, -Inf), (0, 0), (-0d, -0d), (Inf, Inf), (-2, NaN), (-Inf, NaN));
        Check(LaneMath.Sqrt, LaneMath.Sqrt, (0, 0), (-0d, -0d), (4, 2), (Inf, Inf), (-1, NaN));
        Check(LaneMath.Tanh, LaneMath.Tanh, (0, 0), (-0d, -0d), (Inf, 1), (-Inf, -1), (1e30, 1));
        Check(LaneMath.Atan, LaneMath.Atan, (0, 0), (-0d, -0d), (Inf, Math.PI / 2), (-Inf, -Math.PI / 2));
        Check(LaneMath.Sigmoid, LaneMath.Sigmoid, (0, 0.5), (-0d, 0.5), (Inf, 1), (-Inf, 0), (1e30, 1), (-1e30, 0));
        Check(LaneMath.Softplus, LaneMath.Softplus, (0, Math.Log(2)), (Inf, Inf), (-Inf, 0), (-1e30, 0));
        Check(LaneMath.SoftplusAlone, LaneMath.Softplus, (0, Math.Log(2)), (Inf, Inf), (-Inf, 0), (-1e30, 0));
    }

    [Theory]
    [InlineData(2.5)]
    [InlineData(0.3)]
    [InlineData(-0.7)]
    [InlineData(-200)]
    [InlineData(1e6)]
    public void Pow_SpecialsAtRealExponent_AreExact(double exponent)
    {
        double atZero = exponent > 0 ? 0 : double.PositiveInfinity;
        double atInfinity = exponent > 0 ? double.PositiveInfinity : 0;
        Check(
            x => LaneMath.Pow(x, exponent), x => LaneMath.Pow(x, exponent), (0, atZero), (-0d, atZero), (1, 1),
            (double.PositiveInfinity, atInfinity), (-1, double.NaN), (double.NegativeInfinity, double.NaN));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 9)]
    [InlineData(3, 27)]
    [InlineData(4, 81)]
    [InlineData(0.5, 1.7320508075688772)]
    [InlineData(-1, 1d / 3)]
    [InlineData(5, 243)]
    [InlineData(-700, 0)]
    [InlineData(700, double.PositiveInfinity)]
    public void Pow_OfThree_IsRounded(double exponent, double expected)
        => Check(x => LaneMath.Pow(x, exponent), x => LaneMath.Pow(x, exponent), (3, expected));

    [Fact]
    public void Pow_ExponentZero_IsOneForEveryArgument()
    {
        Assert.Equal(V.One, LaneMath.Pow(Vector256.Create(0, float.NaN, float.PositiveInfinity, -3, 1, 2, 3, 4), 0));
        Assert.Equal(W.One, LaneMath.Pow(Vector256.Create(0, double.NaN, double.PositiveInfinity, -3), 0));
    }

    [Fact]
    public void Logistic_AllOutputs_AreTheSingleFunctionsBitForBit()
    {
        Random random = new(7);
        for (int i = 0; i < 2000 / Thin; i++)
        {
            W x = W.Zero;
            for (int lane = 0; lane < 4; lane++)
            {
                x = x.WithElement(lane, (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-5, 4)));
            }

            LaneMath.Logistic(x, out W softplusPos, out W softplusNeg, out W sigmoidPos, out W sigmoidNeg);
            Assert.Equal(LaneMath.Softplus(x), softplusPos);
            Assert.Equal(LaneMath.Softplus(-x), softplusNeg);
            Assert.Equal(LaneMath.Sigmoid(x), sigmoidPos);
            Assert.Equal(LaneMath.Sigmoid(-x), sigmoidNeg);

            V y = Vector256.Narrow(x, -x);
            LaneMath.Logistic(y, out V a, out V b, out V c, out V d);
            Assert.Equal((LaneMath.Softplus(y), LaneMath.Softplus(-y)), (a, b));
            Assert.Equal((LaneMath.Sigmoid(y), LaneMath.Sigmoid(-y)), (c, d));
            W negative = -Vector256.Abs(x);
            Assert.Equal(LaneMath.Exp(negative), LaneMath.ExpNonPositive(negative));
        }
    }

    [Fact]
    public void Logistic_FarTails_KeepTheirDigits()
    {
        LaneMath.Logistic(Vector256.Create(-40d), out W softplus, out _, out _, out _);
        Assert.Equal(4.248354255291589e-18, softplus[0], 1e-33);
        LaneMath.Logistic(Vector256.Create(-100d), out _, out _, out W sigmoid, out _);
        Assert.Equal(3.720075976020836e-44, sigmoid[0], 1e-59);
        LaneMath.Logistic(Vector256.Create(-103f), out V small, out _, out V tail, out _);
        Assert.Equal((float)Math.Exp(-103), small[0]);
        Assert.Equal((float)Math.Exp(-103), tail[0]);
    }

    private static void Mix<T>(ref ulong hash, Vector256<T> value)
    {
        for (int word = 0; word < 4; word++)
        {
            hash = (hash ^ value.AsUInt64()[word]) * 1099511628211;
        }
    }

    /// <summary>Compares bits, so that -0 is not 0; and NaN must give NaN.</summary>
    private static void Check(Func<V, V> single, Func<W, W> twice, params (double At, double Expected)[] points)
    {
        foreach ((double at, double expected) in points)
        {
            float singleFound = single(Vector256.Create((float)at))[5];
            double doubleFound = twice(Vector256.Create(at))[2];
            Assert.Equal(BitConverter.SingleToInt32Bits((float)expected), BitConverter.SingleToInt32Bits(singleFound));
            Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(doubleFound));
        }

        Assert.True(float.IsNaN(single(Vector256.Create(float.NaN))[3]));
        Assert.True(double.IsNaN(twice(Vector256.Create(double.NaN))[3]));
    }
}
