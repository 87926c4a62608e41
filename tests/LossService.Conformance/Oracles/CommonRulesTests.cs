using LossService.Conformance.Oracles.Harness;
using Xunit;

namespace LossService.Conformance.Oracles;

/// <summary>The rules of api.md ("Exact rules") that the harness applies to every loss.</summary>
public class CommonRulesTests : OracleTest
{
    private static readonly (string, object?) Predictions = ("predictions", new double[] { 1, 2, 4 });
    private static readonly (string, object?) Targets = ("targets", new double[] { 0, 0, 0 });

    [SkippableFact]
    public void Reduction_OverriddenToSum_WeighsLossAndGradientsButNotItems()
    {
        OracleAnswer answer = Ask(
            "mse_loss", Predictions, Targets,
            ("reduction", "mean"), ("reduction_override", "sum"),
            ("loss_weight", 10.0), ("grad_output", (OracleArray)2));

        Near(210, answer.Loss);
        Near([1, 4, 16], answer.Losses);
        Near([40, 80, 160], answer.Gradients["predictions"]);
        Near([-40, -80, -160], answer.Gradients["targets"]);
        Assert.Null(answer.Normalizer);
    }

    [SkippableFact]
    public void Reduction_None_IgnoresAvgFactorAndTakesGradOutputByItem()
    {
        OracleAnswer answer = Ask(
            "mse_loss", Predictions, Targets,
            ("reduction", "none"), ("avg_factor", 7.0), ("grad_output", new double[] { 1, 10, 100 }));

        Assert.Null(answer.Loss);
        Near([2, 40, 800], answer.Gradients["predictions"]);
    }

    [SkippableTheory]
    [InlineData(null, "count", 3)]
    [InlineData("sum_weights", "sum_weights", 6)]
    public void Mean_OfWeightedItems_DividesByCountUnlessTold(string? asked, string rule, double divisor)
    {
        OracleAnswer answer = Ask(
            "mse_loss", Predictions, Targets, ("weight", new double[] { 3, 0, 1 }), ("weight_normalization", asked),
            ("sample_weight", new double[] { 1, 9, 3 }), ("hessian", "diagonal"));

        Assert.Equal((rule, divisor), answer.Normalizer);
        Near([3, 0, 48], answer.Losses);
        Near(51 / divisor, answer.Loss);
        Near([6 / divisor, 0, 6 / divisor], answer.Hessians["predictions"]);
    }

    [SkippableFact]
    public void Mask_OverNaN_HidesItFromLossGradientsAndCount()
    {
        OracleAnswer answer = Ask(
            "mse_loss",
            ("predictions", new[] { 1, double.NaN, 4 }), ("targets", new[] { 0, 0, double.PositiveInfinity }),
            ("mask", new double[] { 1, 0, 0 }));

        Assert.Equal(("count", 1.0), answer.Normalizer);
        Near(1, answer.Loss);
        Near([1, 0, 0], answer.Losses);
        Near([2, 0, 0], answer.Gradients["predictions"]);
        Near([-2, 0, 0], answer.Gradients["targets"]);
    }

    [SkippableFact]
    public void Mask_BySample_HidesWholeRowsAndTheirLabels()
    {
        OracleAnswer answer = Ask(
            "cross_entropy",
            ("logits", new[,] { { double.NaN, 0 }, { 0, 0 } }), ("targets", new double[] { 99, 1 }),
            ("mask", new double[] { 0, 1 }));

        Near(Math.Log(2), answer.Loss);
        Near([0, 0, 0.5, -0.5], answer.Gradients["logits"]);
    }

    [SkippableFact]
    public void Mask_OfItems_HidesElementsOfOneSample()
    {
        OracleAnswer answer = Ask(
            "sigmoid_focal_loss",
            ("logits", new[,] { { double.NaN, 0, 0 }, { 0, 0, double.NaN } }), ("targets", new double[] { 1, 3 }),
            ("mask", new double[,] { { 0, 1, 1 }, { 1, 1, 0 } }), ("gamma", 0.0), ("alpha", 0.5));

        Near(Math.Log(2) / 2, answer.Loss);
        Near([0, -1.0 / 16, 1.0 / 16, 1.0 / 16, 1.0 / 16, 0], answer.Gradients["logits"]);
    }

    [SkippableFact]
    public void IgnoredLabel_OverNaN_LeavesTheMean()
    {
        OracleAnswer answer = Ask(
            "cross_entropy",
            ("logits", new[,] { { double.NaN, 0 }, { 0, 0 } }), ("targets", new double[] { -100, 1 }));

        Assert.Equal(("count", 1.0), answer.Normalizer);
        Near(Math.Log(2), answer.Loss);
        Near([0, 0, 0.5, -0.5], answer.Gradients["logits"]);
    }

    [SkippableFact]
    public void Preset_OfBoostedTrees_LeavesTheMeanOutOfGradientAndHessian()
    {
        OracleAnswer answer = Ask(
            "mse_loss", Predictions, Targets, ("preset", "xgboost"), ("half", true), ("hessian", "diagonal"));

        Near(3.5, answer.Loss);
        Near([1, 2, 4], answer.Gradients["predictions"]);
        Near([1, 1, 1], answer.Hessians["predictions"]);
    }

    [SkippableTheory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void Mean_OfIgnoredRows_CountsThemOnlyWhereAsked(bool leave, double divisor) => Assert.Equal(
        ("count", divisor),
        Ask(
            "cross_entropy",
            ("logits", new double[,] { { 0, 0 }, { 0, 0 }, { 0, 0 } }), ("targets", new double[] { 0, -100, -100 }),
            ("mask", new double[] { 1, 1, 0 }), ("avg_non_ignore", leave)).Normalizer);

    [SkippableTheory]
    [InlineData("cross_entropy", null, "sum_weights", 8)]
    [InlineData("cross_entropy", "sum_weights", "sum_weights", 48)]
    [InlineData("multi_margin_loss", null, "count", 2)]
    [InlineData("multi_margin_loss", "sum_weights", "sum_weights", 48)]
    public void Mean_OfSampleWeightedLabels_DividesByAllWeightsOnlyWhereAsked(
        string loss, string? asked, string rule, double divisor)
    {
        (string, object?)[] members =
        [
            ("logits", new double[,] { { 0, 0 }, { 0, 0 } }), ("targets", new double[] { 0, 1 }),
            ("weight", new double[] { 3, 5 }), ("sample_weight", new double[] { 1, 9 }),
        ];
        Assert.Equal(
            (rule, divisor),
            Ask(loss, asked is null ? members : [.. members, ("weight_normalization", asked)]).Normalizer);
    }

    [SkippableTheory]
    [InlineData("zero", 0)]
    [InlineData("nan", double.NaN)]
    public void Mean_OfNothing_FollowsEmpty(string empty, double loss)
    {
        OracleAnswer answer = Ask(
            "cross_entropy",
            ("logits", new double[,] { { 0, 0 } }), ("targets", new double[] { -100 }), ("empty", empty));

        Near(loss, answer.Loss);
        Near([0, 0], answer.Gradients["logits"]);
    }

    [SkippableTheory]
    [InlineData("zero", 0)]
    [InlineData("pytorch", -1)]
    [InlineData("half", -0.5)]
    public void Tie_AtAHingesCorner_IsTheSlopeAsked(string tie, double slope) => Near(
        [slope],
        Ask("hinge_loss", ("predictions", new double[] { 1 }), ("targets", new double[] { 1 }), ("tie", tie))
            .Gradients["predictions"]);

    [SkippableFact]
    public void Distance_OfEqualRows_HasNoSlope() => Near(
        [0, 0],
        Ask(
            "contrastive_loss",
            ("input1", new double[,] { { 1, 2 } }), ("input2", new double[,] { { 1, 2 } }),
            ("targets", new double[] { 0 })).Gradients["input1"]);

    [SkippableFact]
    public void Unbatched_RowWithScalarLabel_IsABatchOfOne()
    {
        OracleAnswer answer = Ask(
            "cross_entropy", ("logits", new double[] { 0, 0 }), ("targets", (OracleArray)1));

        Near(Math.Log(2), answer.Loss);
        Near([0.5, -0.5], answer.Gradients["logits"]);
    }

    [SkippableFact]
    public void MinusInfinity_OnAClassOfNoWeight_CostsNothing()
    {
        OracleAnswer answer = Ask(
            "cross_entropy",
            ("logits", new[,] { { 0, 0, double.NegativeInfinity } }), ("targets", new[,] { { 0.5, 0.5, 0 } }));

        Near(Math.Log(2), answer.Loss);
        Near([0, 0, 0], answer.Gradients["logits"]);
    }

    [SkippableFact]
    public void LikelyClass_FarAhead_KeepsItsGradient()
    {
        OracleAnswer answer = Ask(
            "cross_entropy", ("logits", new double[,] { { 40, 0, 0 } }), ("targets", new double[] { 0 }));

        double tail = Math.Exp(-40);
        Assert.Equal(2 * tail, answer.Loss!.Value, 1e-30);
        Assert.Equal(-2 * tail, answer.Gradients["logits"].Values[0], 1e-30);
    }

    [SkippableFact]
    public void Float32_AnswersInFloats()
    {
        OracleAnswer answer = Ask(
            "cross_entropy",
            ("logits", new double[,] { { 2.0, 1.0, 0.1 }, { 0.5, 2.5, -1.0 } }), ("targets", new double[] { 0, 1 }),
            ("dtype", "float32"));

        Assert.Equal((float)answer.Loss!.Value, answer.Loss.Value);
        Near(0.285104111700061, answer.Loss, 1e-6);
        Assert.All(answer.Gradients["logits"].Values, g => Assert.Equal((float)g, g));
    }
}
