using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>float32 is the same mathematics: its answers are those of float64 to nearly the same inputs.</summary>
[Trait("Set", "Engine")]
public sealed class PrecisionTests
{
    private const double Ulp = 1.1920929e-07;

    // Backward stability as a test: the error may be some times what the last bit of every input does, and some last bits
    // of the row's largest number.
    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Float32_OfAnyQuestion_IsFloat64OfInputsThatDifferInTheirLastBits(string loss)
    {
        for (int seed = 0; seed < EveryLoss.Draws(80); seed++)
        {
            Question narrow = new Samples(EveryLoss.Card(loss), 3000 + seed).Draw(new()
            {
                Row = seed % 5 == 0 ? 40 + seed : null,
            }).AsFloat32();
            if (EveryLoss.Card(loss).HasHessian && seed % 2 == 0)
            {
                narrow = narrow.With("hessian", "diagonal");
            }

            Question wide = narrow.With("dtype", "float64");
            var exact = Bench.Ask(wide).All().ToList();
            var nearby = Enumerable.Range(0, 4).Select(i => Bench.Ask(Shake(wide, i)).All().ToList()).ToList();
            double unit = exact.Where(part => part.Name.StartsWith("gradients", StringComparison.Ordinal))
                .SelectMany(part => part.Values).Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
            foreach (((string name, double[] found), int place) in Bench.Ask(narrow).All().Select((part, i) => (part, i)))
            {
                double[] expected = exact[place].Values;
                double spread = nearby.Max(other => Largest(other[place].Values.Zip(expected, (a, b) => a - b)));
                double size = Math.Max(Largest(expected), name.StartsWith("gradients", StringComparison.Ordinal) ? unit : 0);
                AssertClose(expected, found, (32 * spread) + (16 * Ulp * size) + 1e-37, $"{name} of {narrow}");
            }
        }
    }

    private static double Largest(IEnumerable<double> values) =>
        values.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();

    // Moves every number that can be differentiated by about one unit in its last place.
    private static Question Shake(Question question, int seed)
    {
        var random = new Random(seed);
        foreach ((string name, Given given) in question.Inputs)
        {
            Input input = question.Card.InputAt(question.Card.PlaceOfInput(name));
            if (input.Gradient != GradientRule.Never && given.Values.Any(value => value != Math.Truncate(value)))
            {
                double max = input.Forms.First(form => form.Kind == InputKind.Number).Domain.Max;
                question = question.With(name, given with
                {
                    Values = [.. given.Values.Select(value => Math.Min(max, value * (1 + (Ulp * random.Next(-1, 2)))))],
                });
            }
        }

        return question;
    }

    private static void AssertClose(double[] expected, double[] found, double tolerance, string about)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].Equals(found[i]) || Math.Abs(expected[i] - found[i]) <= tolerance,
                $"[{i}] is {found[i]:R}, in float64 {expected[i]:R}, tolerance {tolerance:R}: {about}");
        }
    }
}
