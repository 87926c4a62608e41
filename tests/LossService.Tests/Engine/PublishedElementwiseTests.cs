using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Numbers that the documentation of other systems prints, or that appendix A of the catalogue computed, of losses
/// of single numbers and of preferences.</summary>
[Trait("Set", "Engine")]
public sealed class PublishedElementwiseTests
{
    private const string KerasPair = """ "targets":[0,1,0,0] """;

    [Theory] // https://keras.io/api/losses/regression_losses
    [InlineData("log_cosh_loss", "[1,1,0,0]", 0.108, 5e-4)]
    [InlineData("msle", "[1,1,1,0]", 0.240, 5e-4)]
    [InlineData("poisson_nll_loss", "[1,1,0,0]", 0.49999997, 1e-7)]
    public void Regression_OfKerasDocs_IsAsPublished(string loss, string predictions, double published, double within)
    {
        Answer answer = Bench.Ask(loss, $$"""{"predictions":{{predictions}},{{KerasPair}},"preset":"keras"}""");
        Assert.Equal(published, answer.Loss!.Value, within);
    }

    [Fact] // https://keras.io/api/losses/regression_losses
    public void Mape_OfKerasDocs_IsAsPublished() => Assert.Equal(
        6.1111, Bench.Ask("mape", """{"predictions":[90,210,310],"targets":[100,200,300]}""").Loss!.Value, 5e-5);

    [Fact] // https://keras.io/api/losses/hinge_losses, whose labels 0 are -1
    public void SquaredHinge_OfKerasDocs_IsAsPublished() => Assert.Equal(
        1.86, Bench.Ask("squared_hinge_loss", """{"predictions":[0.6,0.4,0.4,0.6],"targets":[-1,1,-1,-1]}""").Loss!.Value, 5e-3);

    [Fact] // https://www.tensorflow.org/addons/api_docs/python/tfa/losses/PinballLoss
    public void Quantile_OfTensorFlowAddonsDocs_IsAsPublished() => Assert.Equal(
        0.475,
        Bench.Ask("quantile_loss", """{"predictions":[1,1,1,0],"targets":[0,0,1,1],"tau":0.1,"preset":"tfa"}""").Loss!.Value,
        1e-12);

    [Fact] // https://keras.io/api/losses/probabilistic_losses
    public void BinaryCrossEntropy_OfKerasDocs_IsAsPublished() => Assert.Equal(
        (0.916 + 0.714) / 2,
        Bench.Ask("binary_cross_entropy", """{"probabilities":[[0.6,0.4],[0.4,0.6]],"targets":[[0,1],[0,0]],"preset":"keras"}""").Loss!.Value,
        1e-3);

    // Beyond 1e-7 the probability counts as that and has no slope; on the bound itself it has, as TensorFlow's clip.
    [Fact]
    public void BinaryCrossEntropy_ClippedAsInKeras_IsFlatBeyond()
    {
        Answer answer = Bench.Ask("binary_cross_entropy", """
            {"probabilities":[0,1e-9,1e-7,0.3,0.5,1],"targets":[1,1,1,1,0,0],"preset":"keras","reduction":"none","hessian":"diagonal"}
            """);
        double most = -Math.Log(1e-7);
        double[] losses = [most, most, most, -Math.Log(0.3), -Math.Log(0.5), -Math.Log(1 - (1 - 1e-7))];
        Assert.All(losses.Zip(answer.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-14));
        double[] slopes = [0, 0, -1e7, -1 / 0.3, 2, 0];
        Assert.All(slopes.Zip(answer.Gradients["probabilities"]), pair => Assert.Equal(pair.First, pair.Second, 1e-8));
        Assert.Equal([0, 0, 0], new[] { 0, 1, 5 }.Select(i => answer.Hessians["probabilities"][i]));
    }

    [Fact]
    public void GaussianNll_OfTheAppendix_IsAsComputed()
    {
        Answer answer = Bench.Ask("gaussian_nll_loss", """{"predictions":[1],"variances":[0.5],"targets":[2]}""");
        Assert.Equal(0.6534264097200273, answer.Loss!.Value, 1e-15);
        Assert.Equal(-2, answer.Gradients["predictions"][0], 1e-15);
        Assert.Equal(-1, answer.Gradients["variances"][0], 1e-15);
    }

    [Fact]
    public void PoissonNll_OfTheAppendix_IsAsComputed()
    {
        Answer answer = Bench.Ask("poisson_nll_loss", """{"predictions":[0.3],"targets":[2]}""");
        Assert.Equal(0.7498588075760032, answer.Loss!.Value, 1e-15);
        Assert.Equal(-0.650141192423997, answer.Gradients["predictions"][0], 1e-15);
    }

    [Theory]
    [InlineData(0.5, 0.7, 0.003752297389863609, -0.0232105098027684)]
    [InlineData(-1, 0, 0.02265805750846733, 0.0525811299775606)]
    [InlineData(2, 0.3, 0.5150713666251128, 0.382141558390308)]
    public void QualityFocal_OfTheAppendix_IsAsComputed(double x, double s, double loss, double slope)
    {
        Answer answer = Bench.Ask("quality_focal_loss", FormattableString.Invariant($$"""{"logits":[{{x}}],"targets":[{{s}}]}"""));
        Assert.Equal(loss, answer.Loss!.Value, 1e-15);
        Assert.Equal(slope, answer.Gradients["logits"][0], 1e-14);
    }

    [Fact]
    public void QualityFocal_OfLabelsAndScores_IsThatOfQualitiesPerClass()
    {
        const string Logits = """ "logits":[[-1,0.5,2],[0.3,-2,1]] """;
        Answer labels = Bench.Ask("quality_focal_loss", $$"""{{{Logits}},"targets":[1,3],"scores":[0.7,0.9]}""");
        Answer qualities = Bench.Ask("quality_focal_loss", $$"""{{{Logits}},"targets":[[0,0.7,0],[0,0,0]]}""");
        Answer.AssertSameBits(labels, qualities, "labels and scores");
    }

    [Fact]
    public void Varifocal_OfTheAppendix_IsAsComputed()
    {
        Answer answer = Bench.Ask("varifocal_loss", """{"logits":[0.5,-1],"targets":[0.7,0],"reduction":"none"}""");
        Assert.Equal([0.4368538889260747, 0.016993543131350496], answer.Losses, (left, right) => Math.Abs(left - right) < 1e-15);
        Assert.Equal(
            [-0.0542784681587017, 0.0394358474831705], answer.Gradients["logits"], (left, right) => Math.Abs(left - right) < 1e-15);
    }

    [Fact]
    public void Dpo_OfTheAppendix_IsAsComputed()
    {
        Answer answer = Bench.Ask("dpo_loss",
            """{"policy_chosen_logps":[-10],"policy_rejected_logps":[-12],"reference_chosen_logps":[-11],"reference_rejected_logps":[-11.5]}""");
        Assert.Equal(0.6209570477895321, answer.Loss!.Value, 1e-15);
        Assert.Equal(-0.0462570154656251, answer.Gradients["policy_chosen_logps"][0], 1e-15);
        Assert.Equal(0.0462570154656251, answer.Gradients["policy_rejected_logps"][0], 1e-15);
    }

    [Fact]
    public void SoftMargin_OfAWrongAndCertainScore_DoesNotOverflow()
    {
        Answer answer = Bench.Ask("soft_margin_loss", """{"logits":[-1000],"targets":[1],"dtype":"float32"}""");
        Assert.Equal(1000, answer.Loss);
        Assert.Equal(-1, answer.Gradients["logits"][0]);
    }

    [Theory]
    [InlineData(""" "tie":"zero" """, 0)]
    [InlineData(""" "tie":"pytorch" """, 0.1)]
    [InlineData(""" "tie":"half" """, -0.4)]
    [InlineData(""" "tie":"zero","tie_side":"below" """, 0)]
    [InlineData(""" "tie":"pytorch","tie_side":"below" """, -0.9)]
    [InlineData(""" "tie":"half","tie_side":"below" """, -0.4)]
    [InlineData(""" "preset":"lightgbm" """, 0.1)]
    [InlineData(""" "preset":"tfa" """, -0.9)] // tf.maximum gives a tie to its first argument, tau (y - x)
    public void Quantile_AtItsCorner_HasTheSlopeOfTheTieAndSaysSo(string tie, double slope)
    {
        Answer answer = Bench.Ask("quantile_loss", $$"""{"predictions":[2],"targets":[2],"tau":0.9,{{tie}}}""");
        Assert.Equal(slope, answer.Gradients["predictions"][0], 1e-15);
        Assert.Equal(1, answer.Notes.Single(note => note.Code == "ties").Count);
    }

    [Fact]
    public void Kto_OfABatch_TellsItsDivergenceAndAnswersTheSameWhenItIsGiven()
    {
        const string Inputs = """ "policy_logps":[-10,-19.5,-3],"reference_logps":[-11,-20,-3],"targets":[1,0,1] """;
        Answer batch = Bench.Ask("kto_loss", $$"""{{{Inputs}}}""");
        Assert.Equal(("kl", 0.5), batch.Notes.Single(note => note.Code == "detached").Values!.Single());
        Answer given = Bench.Ask("kto_loss", $$"""{{{Inputs}},"kl":0.5}""");
        Answer.AssertSameBits([batch.Loss!.Value, .. batch.Losses], [given.Loss!.Value, .. given.Losses], "kl given");
        Assert.Empty(given.Notes);

        Answer below = Bench.Ask("kto_loss", $$"""{{{Inputs}},"kl_logratios":[-4,1,1]}""");
        Assert.Equal(("kl", 0), below.Notes.Single(note => note.Code == "detached").Values!.Single());
    }
}
