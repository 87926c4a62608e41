using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>What a formula sums over a whole batch keeps its digits however long the batch is. As many equal numbers as a
/// power of two have an exact sum, which a running one misses by 1e-11.</summary>
[Trait("Set", "Engine")]
public sealed class LongSumTests
{
    private const int Samples = 1 << 20;
    private const double Weight = 0.1;
    private const double Tolerance = 5e-15;

    [Theory]
    [InlineData("mse_loss", "predictions", "targets", 1)]
    [InlineData("cross_entropy", "logits", "targets", 2)]
    public void Normalizer_OfManySampleWeights_KeepsItsDigits(string loss, string predictions, string targets, int classes)
    {
        Question question = Question.Of(loss, """{"gradients":[],"weight_normalization":"sum_weights"}""")
            .With(predictions, Filled(0, classes == 1 ? [Samples] : [Samples, classes]))
            .With(targets, Filled(0, [Samples]))
            .With("sample_weight", Filled(Weight, [Samples]));
        question = classes == 1 ? question : question.With("weight", Filled(1, [classes]));
        AssertNear(Samples * Weight, Bench.Ask(question).Normalizer!.Value);
    }

    [Fact]
    public void Normalizer_OfTheClassWeightsOfManyLabels_KeepsItsDigits()
    {
        double[] labels = [.. Enumerable.Range(0, Samples).Select(row => (double)(row % 2))];
        Question question = Question.Of("cross_entropy", """{"weight":[0.1,0.3],"gradients":[]}""")
            .With("logits", Filled(0, [Samples, 2])).With("targets", new Given(labels, [Samples]));
        AssertNear((Samples / 2 * 0.1) + (Samples / 2 * 0.3), Bench.Ask(question).Normalizer!.Value);
    }

    [Fact]
    public void Normalizer_OfTheMassOfManyClasses_KeepsItsDigits()
    {
        const int Classes = 1 << 17;
        Question question = Question.Of("cross_entropy", """{"weight_normalization":"sum_weights","gradients":[]}""")
            .With("logits", Filled(0, [1, Classes])).With("targets", Filled(1.0 / Classes, [1, Classes]))
            .With("weight", Filled(Weight, [Classes]));
        AssertNear(Weight, Bench.Ask(question).Normalizer!.Value, 2e-13); // one row: sixteen accumulators
    }

    [Fact]
    public void Smoothing_OverTheWeightsOfManyClasses_KeepsItsDigits()
    {
        const int Classes = 1 << 17;
        Question question = Question.Of("cross_entropy", """{"targets":[0],"label_smoothing":1,"reduction":"sum","gradients":["logits"]}""")
            .With("logits", Filled(0, [1, Classes])).With("weight", Filled(Weight, [Classes]));

        // At equal scores all targets are alike: no class has a slope.
        Assert.All(Bench.Ask(question).Gradients["logits"], slope => Assert.Equal(0, slope * Classes, 1e-15));
    }

    [Fact]
    public void Kto_OfManyAnswers_TakesTheMeanOfTheirLogratiosWithAllDigits()
    {
        Question question = Question.Of("kto_loss", """{"gradients":[]}""")
            .With("policy_logps", Filled(-0.4, [Samples])).With("reference_logps", Filled(-0.5, [Samples]))
            .With("targets", Filled(1, [Samples]));
        AssertNear(-0.4 + 0.5, Bench.Ask(question).Notes.Single(note => note.Code == "detached").Values![0].Value);
    }

    [Fact]
    public void Normalizer_OfManyWeights_HasTheSameBitsForAnyNumberOfThreads()
    {
        var random = new Random(7);
        double[] weights = [.. Enumerable.Range(0, 100_003).Select(_ => random.NextDouble())];
        Question question = Question.Of("mse_loss", """{"weight_normalization":"sum_weights"}""")
            .With("predictions", Filled(1, [weights.Length])).With("targets", Filled(0, [weights.Length]))
            .With("weight", new Given(weights, [weights.Length]));
        Answer one = Bench.Ask(question);
        Answer.AssertSameBits(one, Bench.Ask(question, new(Bench.Pool, Threads: 4)), "four threads");
    }

    private static Given Filled(double number, int[] shape) =>
        new([.. Enumerable.Repeat(number, shape.Aggregate(1, (product, length) => product * length))], shape);

    private static void AssertNear(double expected, double found, double tolerance = Tolerance) =>
        Assert.True(Math.Abs(found - expected) <= tolerance * expected, $"{found:R}, expected {expected:R}");
}
