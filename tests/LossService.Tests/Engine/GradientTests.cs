using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Every derivative of every loss, held against differences.</summary>
[Trait("Set", "Engine")]
public sealed class GradientTests
{
    // PyTorch clamps the logarithm and the gradient's denominator, each by itself, so that the one is not the other's slope.
    // Weights that follow the scores but count as constants are no part of a slope either, nor is another library's.
    private static readonly string[] Frozen = ["norm", "through_log_softmax"];

    private static readonly string[] NotSlopes = ["log_min", "denominator_min", .. Frozen];

    // A clamp of the value alone, under a name that elsewhere is a true part of the formula.
    private static readonly Dictionary<string, string[]> Clamps = new() { ["gaussian_nll_loss"] = ["eps"] };

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradient_OfEveryReductionAndOption_MatchesCentralDifferences(string loss)
    {
        string[] reductions = Samples.ReductionsOf(EveryLoss.Card(loss));
        var differences = new Differences(new Random(1), pointsMax: 6);
        for (int seed = 0; seed < EveryLoss.Draws(96); seed++)
        {
            differences.CheckGradients(Attached(new Samples(EveryLoss.Card(loss), seed).Draw(new()
            {
                Reduction = reductions[seed % reductions.Length],
                Untouched = [.. NotSlopes, .. Clamps.GetValueOrDefault(loss, [])],
                Form = seed / reductions.Length % Samples.FormsOf(EveryLoss.Card(loss)),
            })));
        }

        Assert.True(differences.Compared > 2 * EveryLoss.Draws(96), $"only {differences.Compared} elements");
        Assert.True(differences.Kinks < differences.Compared / 20, $"{differences.Kinks} kinks, {differences.Compared} not");
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradient_OfRowsOfManyLengths_MatchesCentralDifferences(string loss)
    {
        int most = EveryLoss.Card(loss).AxisMax is { Axis: "L" } limit ? limit.Length : int.MaxValue;
        int[] lengths = [.. Enumerable.Range(1, 40), 63, 64, 65, 255, 256, 257, 2047, 2048, 2049];
        lengths = [.. lengths.Select(length => Math.Min(length, most)).Distinct()]; // the longest list once
        var differences = new Differences(new Random(2), pointsMax: 2);
        foreach (int row in lengths.Where((_, i) => i % (EveryLoss.IsSlow ? 5 : 1) == 0))
        {
            differences.CheckGradients(Attached(new Samples(EveryLoss.Card(loss), row).Draw(new()
            {
                Form = 0,
                Row = row,
                Samples = row < 60 ? row / 2 : 2,
                Plain = true,
                Untouched = [.. NotSlopes, .. Clamps.GetValueOrDefault(loss, [])],
            })));
        }

        Assert.True(differences.Kinks <= differences.Compared / 20, $"{differences.Kinks} kinks, {differences.Compared} not");
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradient_OnAGridOfKinks_LiesBetweenTheSlopesBeside(string loss)
    {
        const int Draws = 64; // few points a draw sit on a kink, so none is saved where the machine is slow
        var differences = new Differences(new Random(3), pointsMax: 6);
        for (int seed = 0; seed < Draws; seed++)
        {
            differences.CheckSubgradients(Attached(new Samples(EveryLoss.Card(loss), 1000 + seed).Draw(new()
            {
                Values = Values.Kinks,
                Untouched = [.. NotSlopes, .. Clamps.GetValueOrDefault(loss, [])],
            })));
        }

        Assert.True(differences.Compared > Draws / 8, $"only {differences.Compared} elements");
    }

    [Theory]
    [MemberData(nameof(EveryLoss.WithHessian), MemberType = typeof(EveryLoss))]
    public void Hessian_OfEveryReductionAndOption_MatchesCentralDifferencesOfTheGradient(string loss)
    {
        string[] reductions = Samples.ReductionsOf(EveryLoss.Card(loss));
        var differences = new Differences(new Random(4), pointsMax: 6);
        for (int seed = 0; seed < EveryLoss.Draws(64); seed++)
        {
            differences.CheckHessians(Attached(new Samples(EveryLoss.Card(loss), 2000 + seed).Draw(new()
            {
                Reduction = reductions[seed % reductions.Length],
                Untouched = [.. Frozen, .. Clamps.GetValueOrDefault(loss, [])],
            })));
        }

        Assert.True(differences.Compared > 2 * EveryLoss.Draws(64), $"only {differences.Compared} elements");
        Assert.True(differences.Kinks < differences.Compared / 20, $"{differences.Kinks} kinks, {differences.Compared} not");
    }

    private static Question Attached(Question question)
    {
        // What a loss takes for a constant of its gradient if told; differences of the loss cannot.
        foreach (Parameter parameter in question.Card.Parameters.Where(parameter => parameter.Name.StartsWith("detach_", StringComparison.Ordinal)))
        {
            question = question.With(parameter.Name, "false");
        }

        return question;
    }
}
