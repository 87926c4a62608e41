using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>The 19 bugs and traps of the article and of the pages it cites (catalogue 1.2), each once.</summary>
[Trait("Set", "Engine")]
public sealed class TrapsTests
{
    [Fact]
    public void T01_Softmax_OfOneRequest_KnowsNothingOfTheLast()
    {
        Answer first = Bench.Ask("cross_entropy", """{"logits":[[1,2,3]],"targets":[0]}""");
        Bench.Ask("cross_entropy", """{"logits":[[9,-9,4]],"targets":[1]}""");
        Answer.AssertSameBits(first, Bench.Ask("cross_entropy", """{"logits":[[1,2,3]],"targets":[0]}"""), "the same request again");
    }

    [Theory]
    [InlineData("""{"logits":[[2,1,0],[0,3,1]],"targets":[0,1],"reduction":"none"}""")]
    [InlineData("""{"logits":[[2,1],[0,3],[1,1]],"targets":[0,1,1],"reduction":"none"}""")]
    public void T02_Labels_PickTheirOwnRow_WhateverRowsAndClasses(string json)
    {
        Question question = Question.Of("cross_entropy", json);
        double[] losses = Bench.Ask(question).Losses;
        Given logits = question.Inputs["logits"];
        int classes = logits.Shape[1];
        for (int row = 0; row < losses.Length; row++)
        {
            double[] z = logits.Values[(row * classes)..((row + 1) * classes)];
            double own = z[(int)question.Inputs["targets"].Values[row]];
            Assert.Equal(Math.Log(z.Sum(Math.Exp)) - own, losses[row], 1e-14);
        }
    }

    [Fact]
    public void T03_WrongAndCertain_CostsMoreThanAClipAllows()
    {
        foreach (string dtype in new[] { "float32", "float64" })
        {
            Answer answer = Bench.Ask("cross_entropy", $$"""{"logits":[[1000,0]],"targets":[1],"dtype":"{{dtype}}"}""");
            Assert.Equal(1000, answer.Loss);
            Assert.Equal([1, -1], answer.Gradients["logits"]);
            Answer binary = Bench.Ask("binary_cross_entropy_with_logits", $$"""{"logits":[-1000],"targets":[1],"dtype":"{{dtype}}"}""");
            Assert.Equal(1000, binary.Loss);
            Assert.Equal(-1, binary.Gradients["logits"][0]);
        }
    }

    [Fact]
    public void T04_Sigmoid_FarBelowZero_DoesNotOverflow()
    {
        Answer answer = Bench.Ask("binary_cross_entropy_with_logits", """{"logits":[-1e300,-800],"targets":[0,0],"reduction":"none"}""");
        Assert.Equal([0, 0], answer.Losses);
        Assert.Equal([0, 0], answer.Gradients["logits"]);
    }

    [Fact]
    public void T05_BinaryTargets_AreOneALogitAndMayBeSoft()
    {
        Assert.Equal(2, Bench.Ask("binary_cross_entropy_with_logits",
            """{"logits":[0.5,1],"targets":[1,0.25],"reduction":"none"}""").Losses.Length);
        Assert.NotEmpty(Bench.MistakesOf("binary_cross_entropy_with_logits", """{"logits":[0.5,1],"targets":[[1,0],[0,1]]}"""));
    }

    [Fact]
    public void T06_CrossEntropy_SumsOverClasses()
    {
        Answer answer = Bench.Ask("distribution_cross_entropy", """{"p":[0.25,0.75],"q":[0.5,0.5]}""");
        Assert.Equal(Math.Log(2), answer.Loss!.Value, 1e-15);
        Assert.Contains(@"\sum", EveryLoss.Card("cross_entropy").Formula, StringComparison.Ordinal);
        Assert.Contains(@"\sum", EveryLoss.Card("distribution_cross_entropy").Formula, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("self_information", """{"p":[0.125],"base":"BASE"}""", 3)]
    [InlineData("entropy", """{"p":[0.5,0.25,0.25],"base":"BASE"}""", 1.5)]
    [InlineData("distribution_cross_entropy", """{"p":[1,0],"q":[0.25,0.75],"base":"BASE"}""", 2)]
    [InlineData("kl_divergence", """{"p":[1,0],"q":[0.25,0.75],"base":"BASE"}""", 2)]
    public void T07_Logarithms_AreNaturalUnlessBitsAreAskedFor(string loss, string json, double bits)
    {
        Assert.Equal(bits * Math.Log(2), Bench.Ask(loss, json.Replace("BASE", "e", StringComparison.Ordinal)).Loss!.Value, 1e-15);
        Assert.Equal(bits, Bench.Ask(loss, json.Replace("BASE", "2", StringComparison.Ordinal)).Loss!.Value, 1e-15);
        Assert.Equal(bits * Math.Log10(2), Bench.Ask(loss, json.Replace("BASE", "10", StringComparison.Ordinal)).Loss!.Value, 1e-15);
    }

    [Fact]
    public void T08_SelfInformation_IsOfAnEventAndEntropyOfADistribution()
    {
        Assert.Equal(2, Bench.Ask("self_information", """{"p":[0.5,0.25],"reduction":"none"}""").Losses.Length);
        Assert.Single(Bench.Ask("entropy", """{"p":[[0.5,0.5]],"reduction":"none"}""").Losses);
        Assert.DoesNotContain("entropy", EveryLoss.Card("self_information").Summary, StringComparison.OrdinalIgnoreCase);
        Assert.NotSame(Catalogue.Find("surprisal"), Catalogue.Find("shannon_entropy"));
    }

    [Fact]
    public void T09_KlDivergence_IsNoMetricAndItsCardDoesNotSayOtherwise()
    {
        double there = Bench.Ask("kl_divergence", """{"p":[0.9,0.1],"q":[0.5,0.5]}""").Loss!.Value;
        double back = Bench.Ask("kl_divergence", """{"p":[0.5,0.5],"q":[0.9,0.1]}""").Loss!.Value;
        Assert.NotEqual(there, back, 0.1);
        LossCard card = EveryLoss.Card("kl_divergence");
        string text = string.Join(' ', card.Edges.Prepend(card.Summary));
        Assert.DoesNotContain("metric", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("distance", text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("direction", text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void T10_CrossEntropy_HoldsForTwoClassesAndForOne()
    {
        double two = Bench.Ask("cross_entropy", """{"logits":[[0.3,1.7]],"targets":[1]}""").Loss!.Value;
        Assert.Equal(Bench.Ask("binary_cross_entropy_with_logits", """{"logits":[1.4],"targets":[1]}""").Loss!.Value, two, 1e-15);
        Answer one = Bench.Ask("cross_entropy", """{"logits":[[7]],"targets":[0]}""");
        Assert.Equal(0, one.Loss);
        Assert.Equal(0, one.Gradients["logits"][0]);
    }

    [Fact]
    public void T11_FocalNormalisation_IsWhatTheRequestSays()
    {
        const string Inputs = """ "logits":[[0.1,0.5],[0.4,-0.3],[1.2,-2]],"targets":[0,2,1] """;
        Answer items = Bench.Ask("sigmoid_focal_loss", $$"""{{{Inputs}},"reduction":"none"}""");
        Answer mean = Bench.Ask("sigmoid_focal_loss", $$"""{{{Inputs}}}""");
        Answer positives = Bench.Ask("sigmoid_focal_loss", $$"""{{{Inputs}},"avg_factor":2}""");
        Answer sum = Bench.Ask("sigmoid_focal_loss", $$"""{{{Inputs}},"reduction":"sum"}""");
        Assert.Equal(items.Losses.Sum(), sum.Loss!.Value, 1e-15);
        Assert.Equal(items.Losses.Sum() / 6, mean.Loss!.Value, 1e-15);
        Assert.Equal(new Normalizer("count", 6), mean.Normalizer);
        Assert.Equal(items.Losses.Sum() / 2, positives.Loss!.Value, 1e-15);
        Assert.Equal(new Normalizer("avg_factor", 2), positives.Normalizer);
    }

    [Theory]
    [InlineData("weight", """[1,0,2]""", new[] { 1.0, 1, 0, 0, 2, 2 })]
    [InlineData("weight", """[[1,2],[3,4],[5,6]]""", new[] { 1.0, 2, 3, 4, 5, 6 })]
    [InlineData("weight", """[1,2,3,4,5,6]""", new[] { 1.0, 2, 3, 4, 5, 6 })]
    public void T12_MmdetSignature_TakesPredTargetWeightAvgFactorAndOverride(string name, string weight, double[] factors)
    {
        const string Inputs = """ "logits":[[0.1,0.5],[0.4,-0.3],[1.2,-2]],"targets":[0,2,1] """;
        double[] plain = Bench.Ask("sigmoid_focal_loss", $$"""{{{Inputs}},"reduction":"none"}""").Losses;
        Answer answer = Bench.Ask("sigmoid_focal_loss",
            $$"""{{{Inputs}},"{{name}}":{{weight}},"gamma":2,"alpha":0.25,"avg_factor":3,"reduction":"none","reduction_override":"mean","loss_weight":0.5,"preset":"mmdet","return_items":true}""");
        double[] expected = [.. plain.Zip(factors, (loss, factor) => loss * factor)];
        Assert.All(expected.Zip(answer.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
        Assert.Equal(0.5 * expected.Sum() / (3 + 1.1920929e-07), answer.Loss!.Value, 1e-14);
        Assert.Equal(3 + 1.1920929e-07, answer.Normalizer!.Value);
    }

    [Fact]
    public void T13_FocalAndGaussianFocal_AreTwoLosses()
    {
        LossCard focal = EveryLoss.Card("sigmoid_focal_loss");
        LossCard gaussian = EveryLoss.Card("gaussian_focal_loss");
        Assert.Equal("logits", focal.Inputs[0].Name);
        Assert.Equal("probabilities", gaussian.Inputs[0].Name);
        Assert.Empty(focal.Aliases.Intersect(gaussian.Aliases));
    }

    [Fact]
    public void T14_Focusing_FadesWhatIsClassifiedWell()
    {
        foreach ((double x, int y) in new[] { (3.0, 1), (-3.0, 0) })
        {
            double right = Ratio(x, y);
            double wrong = Ratio(-x, y);
            Assert.True(right < 0.01 && wrong > 0.9, $"{right} {wrong}");
        }

        // What gamma leaves of the loss: (1 - p_t)^2, not p_t^2.
        static double Ratio(double x, int y) => Focal(x, y, 2) / Focal(x, y, 0);

        static double Focal(double x, int y, int gamma) => Bench.Ask("sigmoid_focal_loss",
            FormattableString.Invariant($$"""{"logits":[{{x}}],"targets":[{{y}}],"gamma":{{gamma}}}""")).Loss!.Value;
    }

    [Fact]
    public void T15_BackgroundLabel_IsANegativeForEveryClassAndNotIgnored()
    {
        Answer background = Bench.Ask("sigmoid_focal_loss", """{"logits":[[0.1,0.5]],"targets":[2]}""");
        Answer zeros = Bench.Ask("sigmoid_focal_loss", """{"logits":[[0.1,0.5]],"targets":[[0,0]],"gradients":["logits"]}""");
        Answer.AssertSameBits(zeros, background, "an all-zero row");
        Assert.True(background.Loss > 0);
        Assert.Equal(Codes.ClassOutOfRange, Bench.MistakesOf("sigmoid_focal_loss", """{"logits":[[0.1,0.5]],"targets":[3]}""")[0].Code);
        Assert.Equal(Codes.ClassOutOfRange, Bench.MistakesOf("sigmoid_focal_loss", """{"logits":[[0.1,0.5]],"targets":[-1]}""")[0].Code);
    }

    [Fact]
    public void T16_MeanOfCrossEntropy_DividesByRowsNotByElements()
    {
        Answer answer = Bench.Ask("cross_entropy", """{"logits":[[0,0,0,0],[0,0,0,0]],"targets":[[1,0,0,0],[0,1,0,0]]}""");
        Assert.Equal(new Normalizer("count", 2), answer.Normalizer);
        Assert.Equal(Math.Log(4), answer.Loss!.Value, 1e-15);
    }

    [Fact]
    public void T17_FocalGradientOfANegative_HasItsOwnFormula()
    {
        const double X = 0.7;
        double p = 1 / (1 + Math.Exp(-X));
        double q = 1 - p;
        double slope = Bench.Ask("sigmoid_focal_loss", """{"logits":[0.7],"targets":[0]}""").Gradients["logits"][0];
        Assert.Equal(0.75 * p * p * (p - (2 * q * Math.Log(q))), slope, 1e-15);
        Assert.True(slope > 0);
    }

    [Fact]
    public void T18_MarginRanking_ComparesTwoScoresAndMeasuresNoDistance()
    {
        Answer answer = Bench.Ask("margin_ranking_loss", """{"input1":[0.2,3],"input2":[0.7,1],"targets":[1,1],"margin":0.1,"reduction":"none"}""");
        Assert.Equal([0.6, 0], answer.Losses, (a, b) => Math.Abs(a - b) < 1e-15);
        Assert.Equal([-1, 0], answer.Gradients["input1"]);
        Assert.Equal([1, 0], answer.Gradients["input2"]);
        LossCard card = EveryLoss.Card("margin_ranking_loss");
        Assert.DoesNotContain(card.Parameters, parameter => parameter.Name == "distance");
        Assert.DoesNotContain("istance", card.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void T19_ContrastiveLosses_OfFourTraditions_AreParametersOfOne()
    {
        const string Pair = """ "input1":[[0,0]],"input2":[[3,4]],"margin":6 """;
        Assert.Equal(1, Loss(""" "targets":[0] """)); // linear, as gombru has it
        Assert.Equal(5, Loss(""" "targets":[1] """));
        Assert.Equal(25, Loss(""" "targets":[1],"preset":"tfa" """)); // squared
        Assert.Equal(12.5, Loss(""" "targets":[1],"power":2,"half":true """)); // Caffe
        Assert.Equal(12.5, Loss(""" "targets":[0],"power":2,"half":true,"positive_label":0 """)); // Hadsell
        Assert.Equal(0.5, Loss(""" "targets":[1],"power":2,"half":true,"positive_label":0 """));

        static double Loss(string rest) => Bench.Ask("contrastive_loss", $$"""{{{Pair}},{{rest}}}""").Loss!.Value;
    }
}
