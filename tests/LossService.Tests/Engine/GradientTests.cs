using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Every derivative of every loss, held against differences.</summary>
[Trait("Set", "Engine")]
public sealed class GradientTests
{
    // Parameters that clamp a value but not its gradient, as PyTorch does, or detach a part of the formula: with them the
    // answer is not the slope of the loss, and is held against libtorch instead.
    private static readonly Dictionary<string, string[]> NotSlopes = new()
    {
        ["binary_cross_entropy"] = ["log_min", "denominator_min"],
        ["gaussian_nll_loss"] = ["eps"],
        ["asymmetric_loss"] = ["detach_focal_weight"],
    };

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradient_OfEveryReductionAndOption_MatchesCentralDifferences(string loss)
    {
        string[] reductions = Samples.ReductionsOf(EveryLoss.Card(loss));
        var differences = new Differences(new Random(1), pointsMax: 6);
        for (int seed = 0; seed < EveryLoss.Draws(96); seed++)
        {
            differences.CheckGradients(new Samples(EveryLoss.Card(loss), seed).Draw(new()
            {
                Reduction = reductions[seed % reductions.Length],
                Untouched = NotSlopes.GetValueOrDefault(loss, []),
                Form = seed / reductions.Length % Samples.FormsOf(EveryLoss.Card(loss)),
            }));
        }

        Assert.True(differences.Compared > 2 * EveryLoss.Draws(96), $"only {differences.Compared} elements");
        Assert.True(differences.Kinks < differences.Compared / 20, $"{differences.Kinks} kinks, {differences.Compared} not");
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Gradient_OfRowsOfManyLengths_MatchesCentralDifferences(string loss)
    {
        int[] lengths = [.. Enumerable.Range(1, 40), 63, 64, 65, 255, 256, 257, 2047, 2048, 2049];
        var differences = new Differences(new Random(2), pointsMax: 2);
        foreach (int row in lengths.Where((_, i) => i % (EveryLoss.IsSlow ? 12 : 1) == 0))
        {
            differences.CheckGradients(new Samples(EveryLoss.Card(loss), row).Draw(new()
            {
                Form = 0,
                Row = row,
                Samples = row < 60 ? row / 2 : 2,
                Plain = true,
                Untouched = NotSlopes.GetValueOrDefault(loss, []),
            }));
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
            differences.CheckSubgradients(new Samples(EveryLoss.Card(loss), 1000 + seed).Draw(new()
            {
                Values = Values.Kinks,
                Untouched = NotSlopes.GetValueOrDefault(loss, []),
            }));
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
            differences.CheckHessians(new Samples(EveryLoss.Card(loss), 2000 + seed).Draw(new()
            {
                Reduction = reductions[seed % reductions.Length],
                Untouched = NotSlopes.GetValueOrDefault(loss, []),
            }));
        }

        Assert.True(differences.Compared > 2 * EveryLoss.Draws(64), $"only {differences.Compared} elements");
        Assert.True(differences.Kinks < differences.Compared / 20, $"{differences.Kinks} kinks, {differences.Compared} not");
    }
}
