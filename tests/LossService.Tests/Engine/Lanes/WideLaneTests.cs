using LossService.Engine.Lanes;
using Xunit;

namespace LossService.Tests.Engine.Lanes;

/// <summary>Lanes of 512 bits against those of 256: every operation has the same bits in both, on machines that have such
/// vectors and on those that put them together.</summary>
[Trait("Set", "Engine")]
public sealed class WideLaneTests
{
    private const int Width = 16;
    private const int Groups = 2000;

    private static readonly double[] Exponents = [-2, -0.5, 0, 0.5, 1, 2, 2.5, 3, 4];

    [Fact]
    public void Operations_OnFloats_HaveTheSameBits()
    {
        var random = new Random(1);
        float[] special = [0, -0f, 1, -1, float.Epsilon, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 88.72f, -104];
        Compare<float, SingleLane, WideSingleLane>(
            () => random.Next(8) == 0
                ? special[random.Next(special.Length)]
                : BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)),
            number => BitConverter.SingleToInt32Bits(number));
    }

    [Fact]
    public void Operations_OnDoubles_HaveTheSameBits()
    {
        var random = new Random(2);
        double[] special =
            [0, -0d, 1, -1, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 709.78, -746];
        Compare<double, DoubleLane, WideDoubleLane>(
            () => random.Next(8) switch
            {
                0 => special[random.Next(special.Length)],
                1 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
                _ => (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-30, 12)),
            },
            BitConverter.DoubleToInt64Bits);
    }

    [Fact]
    public void Masks_AreCountedAlike()
    {
        float[] numbers = [.. Enumerable.Range(0, Width).Select(i => (float)i)];
        WideSingleLane wide = WideSingleLane.Load(ref numbers[0], 0);
        Assert.Equal(5, WideSingleLane.Set(wide > 10));
        Assert.True(WideSingleLane.Any(wide > 14));
        Assert.False(WideSingleLane.Any(wide > 15));
        Assert.Equal(Width, WideSingleLane.Set(WideSingleLane.Same(wide, wide)));
    }

    [Fact]
    public void Wide_HasTwiceTheNumbers()
    {
        Assert.Equal(2 * SingleLane.Count, WideSingleLane.Count);
        Assert.Equal(2 * DoubleLane.Count, WideDoubleLane.Count);
    }

    private static void Compare<T, VNarrow, VWide>(Func<T> draw, Func<T, long> bits)
        where T : unmanaged
        where VNarrow : struct, IVectorLane<VNarrow, T>
        where VWide : struct, IVectorLane<VWide, T>
    {
        T[] a = new T[Width];
        T[] b = new T[Width];
        T[] c = new T[Width];
        for (int group = 0; group < Groups; group++)
        {
            for (int i = 0; i < Width; i++)
            {
                (a[i], b[i], c[i]) = (draw(), draw(), draw());
            }

            T[][] narrow = Everything<T, VNarrow>(a, b, c);
            T[][] wide = Everything<T, VWide>(a, b, c);
            for (int operation = 0; operation < narrow.Length; operation++)
            {
                for (int i = 0; i < Width; i++)
                {
                    (T expected, T found) = (narrow[operation][i], wide[operation][i]);
                    Assert.True(
                        bits(expected) == bits(found) || (IsNaN(expected) && IsNaN(found)),
                        $"operation {operation} of ({a[i]}, {b[i]}, {c[i]}) is {expected} in 256 bits, {found} in 512");
                }
            }
        }
    }

    private static bool IsNaN<T>(T number) => number is float.NaN or double.NaN;

    // Every operation of a lane, on the same sixteen numbers.
    private static T[][] Everything<T, V>(T[] a, T[] b, T[] c)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        var all = new List<T[]>();
        for (int start = 0; start < Width; start += V.Count)
        {
            int place = 0;
            foreach (V result in Operations<T, V>(V.Load(ref a[start], 0), V.Load(ref b[start], 0), V.Load(ref c[start], 0)))
            {
                if (start == 0)
                {
                    all.Add(new T[Width]);
                }

                V.Store(result, ref all[place++][start], 0);
            }
        }

        return [.. all];
    }

    private static List<V> Operations<T, V>(V a, V b, V c)
        where T : unmanaged
        where V : struct, IVectorLane<V, T>
    {
        Logistic<V> logistic = V.Logistic(a);
        V softplus = V.SoftplusOfExp(V.ExpNonPositive(-V.Abs(a)), out V large, out V small);
        List<V> all =
        [
            a + b, a - b, -a, a * b, 2.5 * a, a / b, V.MultiplyAdd(a, b, c), V.Select(a > b, a, b), V.Select(a < b, a, b),
            V.Select(V.Same(a, b), a, c), V.Abs(a), V.Max(a, b), V.Min(a, b), V.Hinge(a, 0), V.ZeroTimes(a, b), V.Sqrt(a),
            V.Exp(a), V.Expm1(a), V.Log(a), V.Log1p(a), V.Atan2(a, b), V.ExpNonPositive(-V.Abs(a)), logistic.Softplus,
            logistic.SoftplusOfMinus, logistic.Sigmoid, logistic.SigmoidOfMinus, softplus, large, small,
            V.NegateWhere(a > b, c), V.Softplus(a),
        ];
        all.AddRange(Exponents.Select(exponent => V.Pow(a, exponent)));
        return all;
    }
}
