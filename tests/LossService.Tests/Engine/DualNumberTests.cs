using LossService.Engine.Lanes;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Families that derive by hand, against dual numbers through the plain formula. Elementwise losses need none of
/// it: their kernels are derived by dual numbers themselves.</summary>
[Trait("Set", "Engine")]
public sealed class DualNumberTests
{
    private const double Tolerance = 1e-12; // of the row's largest
    private const double Noise = 1e-15; // of terms that cancel, as all do in a row of one class

    // The first losses of each such family stand for it; the oracles hold all of them.
    public static TheoryData<string> Losses => [.. PlainFormulas.ByLoss.Keys];

    [Theory]
    [MemberData(nameof(Losses))]
    public void Derivatives_OfEveryFormAndOption_AreThoseOfDualNumbers(string loss)
    {
        int compared = 0;
        for (int seed = 0; seed < EveryLoss.Draws(200); seed++)
        {
            compared += Check(loss, seed, new() { Form = seed % Samples.FormsOf(EveryLoss.Card(loss)) });
        }

        Assert.True(compared > 10 * EveryLoss.Draws(200), $"only {compared} elements");
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Derivatives_OfRowsOfManyLengths_AreThoseOfDualNumbers(string loss)
    {
        int[] lengths = [.. Enumerable.Range(1, 36), 63, 64, 65, 127, 130, 257];
        Assert.All(lengths, row => Check(loss, 5000 + row, new() { Form = 0, Row = row, Samples = 2, Plain = true }));
    }

    private static int Check(string loss, int seed, Wish wish)
    {
        Question question = new Samples(EveryLoss.Card(loss), seed)
            .Draw(wish with { Reduction = "sum", Ignored = false })
            .Without("mask", "sample_weight", "grad_output", "loss_weight");
        question = question.Card.HasHessian ? question.With("hessian", "diagonal") : question;
        Answer answer = Bench.Ask(question);
        foreach ((string input, double[] gradient) in answer.Gradients)
        {
            for (int row = 0; row < PlainRows.Count(question); row++)
            {
                int[] places = PlainRows.Places(question, input, row);
                var derived = places.Select((_, i) => Derive(question, row, input, i)).ToArray();
                Compare("gradient", [.. derived.Select(d => d.First)], gradient);
                if (answer.Hessians.TryGetValue(input, out double[]? hessian))
                {
                    Compare("hessian", [.. derived.Select(d => d.Second)], hessian);
                }

                void Compare(string what, double[] expected, double[] all)
                {
                    double largest = expected.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
                    double noise = Noise * TermsOf(question, row);
                    for (int i = 0; i < expected.Length; i++)
                    {
                        double found = all[places[i]];
                        double error = Math.Abs(expected[i] - found);
                        bool near = expected[i].Equals(found) || error <= (Tolerance * largest) + noise;
                        Assert.True(
                            near, $"{what} of {input}[{places[i]}] is {found:R}, duals say {expected[i]:R}: {question}");
                    }
                }
            }
        }

        return answer.Gradients.Values.Sum(gradient => gradient.Length);
    }

    /// <summary>How large the terms of a derivative are: about 1, or for a cosine one over the length of a vector.</summary>
    private static double TermsOf(Question question, int row) => question.Inputs.Keys
        .Select(name => PlainRows.Places(question, name, row).Sum(place => Math.Pow(question.Inputs[name].Values[place], 2)))
        .Where(square => square > 0)
        .Select(square => 1 / Math.Sqrt(square))
        .Append(1).Max();

    /// <summary>The first and second derivative of a row's loss by one element.</summary>
    private static (double First, double Second) Derive(Question question, int row, string input, int element)
    {
        var plain = new PlainRow<Dual<Dual<ScalarLane>>>(question, row, Lane);
        Dual<ScalarLane> slope = PlainFormulas.ByLoss[question.Card.Name].Loss(plain).Slope;
        return (slope.Value.Value, slope.Slope.Value);

        Dual<Dual<ScalarLane>> Lane(string name, int i, double number) =>
            name == input && i == element ? new Dual<Dual<ScalarLane>>(new(number, 1), 1) : number;
    }
}
