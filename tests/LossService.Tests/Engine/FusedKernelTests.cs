using System.Numerics;
using System.Reflection;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Kernels that are fused by hand, against the value and the slope that dual numbers derive from the
/// formula.</summary>
[Trait("Set", "Engine")]
public sealed class FusedKernelTests
{
    private static readonly double[] Sizes =
        [0, 1e-40, 1e-12, 1e-3, 0.5, 1, 1.5, 2, 7.25, 17.4, 20, 88.5, 103.9, 104.1, 745, 1e4, 3e30, double.PositiveInfinity];

    private static readonly double[] Labels = [0, 1e-30, 1e-9, 0.25, 0.5, 0.75, 0.999999, 1, -1, 3.5, -1e6];

    private static readonly double[] Thirds = [1, 0, 0.3, 5, 1e6];

    public static TheoryData<string> Losses => [.. Catalogue.All.Where(IsFused).Select(loss => loss.Card.Name)];

    [Theory]
    [MemberData(nameof(Losses))]
    public void Fused_AtKinksAndExtremes_IsDerivedToAFewUlp(string loss)
    {
        Type[] types = Catalogue.Find(loss)!.GetType().GetGenericArguments();
        for (int seed = 0; seed < 40; seed++)
        {
            Question question = new Samples(EveryLoss.Card(loss), seed).Draw(new() { Form = 0, Plain = seed == 0 });
            Call(nameof(Compare), [.. types, typeof(double), typeof(DoubleLane)], question, Math.ScaleB(1, -52));
            Call(nameof(Compare), [.. types, typeof(float), typeof(SingleLane)], question, Math.ScaleB(1, -23));
        }
    }

    private static bool IsFused(Loss loss) => loss.GetType().GetGenericArguments() is [{ } type, ..]
        && type.GetInterface(typeof(IFusible<>).Name) is not null
        && (bool)typeof(FusedKernelTests).GetMethod(nameof(Asks), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type).Invoke(null, null)!;

    private static bool Asks<TLoss>() where TLoss : struct, IFusible<TLoss> => TLoss.IsFused;

    private static void Call(string method, Type[] types, params object[] arguments) =>
        typeof(FusedKernelTests).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(types).Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);

    private static void Compare<TLoss, TKernel, T, V>(Question question, double ulp)
        where TLoss : struct, IFusible<TLoss>
        where TKernel : IElementKernel<TLoss>
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        using var request = new LossRequest(question.Card);
        foreach ((string name, double value) in question.Parameters)
        {
            request.Set(question.Card.PlaceOfParameter(name), value);
        }

        TLoss loss = TLoss.Configure(new(request));
        Domain domain = question.Card.Inputs[1].Domain;
        foreach (double x in Sizes.SelectMany(size => new[] { size, -size }).Append(double.NaN))
        {
            foreach (double y in Labels.Where(y => y >= domain.Min && y <= domain.Max))
            {
                foreach (double z in TKernel.Operands > 2 ? Thirds : [1])
                {
                    (V atX, V atY, V atZ) = (V.Of(x), V.Of(y), V.Of(z));
                    Dual<V> fused = TLoss.Fused(loss, atX, atY, atZ, TLoss.Ahead(atX));
                    Dual<V> derived = TKernel.Loss<Dual<V>>(loss, new(atX, V.Of(1)), new(atY, V.Of(0)), new(atZ, V.Of(0)));

                    // Between the ends of a domain slopes cancel, and are right to the size of their terms.
                    double terms = double.IsInfinity(domain.Max) || y == domain.Min || y == domain.Max ? 0 : 1 + z;
                    string about = $"at ({x}, {y}, {z}) of {typeof(T).Name} {question}";
                    AssertNear<T, V>(derived.Value, fused.Value, 0, x, ulp, $"value {about}");
                    AssertNear<T, V>(derived.Slope, fused.Slope, terms, x, ulp, $"slope {about}");
                }
            }
        }
    }

    private static void AssertNear<T, V>(V derived, V fused, double terms, double x, double ulp, string about)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        double expected = First<T, V>(derived);
        double found = First<T, V>(fused);
        if (double.IsNaN(x))
        {
            // A NaN that the formula multiplies by 0 may come out of the fused kernel; never the other way about.
            Assert.True(double.IsNaN(found), about);
            return;
        }

        double tolerance = (32 * ulp * Math.Max(Math.Abs(expected), terms)) + 4e-45;
        Assert.True(
            expected.Equals(found) || Math.Abs(expected - found) <= tolerance, $"{found:R}, derived {expected:R}, {about}");
    }

    private static double First<T, V>(V lane)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        var numbers = new T[V.Count];
        V.Store(lane, ref numbers[0], 0);
        return double.CreateChecked(numbers[0]);
    }
}
