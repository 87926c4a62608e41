using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Losses of regions: published numbers, other libraries' formulas, and what they do at their edges.</summary>
[Trait("Set", "Engine")]
public sealed class RegionTests
{
    private static readonly string[] Ratios = ["dice_loss", "jaccard_loss", "tversky_loss", "focal_tversky_loss", "generalized_dice_loss"];

    /// <summary>A class that is nowhere would weigh ten million times as much as any other.</summary>
    [Fact]
    public void GeneralizedDice_WithAClassThatIsNowhere_IsThatOfTheOthers()
    {
        Answer three = Bench.Ask("generalized_dice_loss",
            """{"probabilities":[[[0.5,0.25],[0.25,0.5],[0.25,0.25]]],"targets":[[0,1]],"return_items":true}""");
        const string Two = """ "probabilities":[[[0.5,0.25],[0.25,0.5]]],"targets":[[[1,0],[0,1]]],"mode":"multilabel" """;
        Assert.Equal(Bench.Ask("generalized_dice_loss", $$"""{{{Two}}}""").Loss!.Value, three.Loss!.Value, 1e-14);
        Assert.Contains(three.Notes, note => note is { Code: "absent_classes", Count: 1 });
        Assert.NotEqual(three.Loss.Value, Bench.Ask("generalized_dice_loss",
            """{"probabilities":[[[0.5,0.25],[0.25,0.5],[0.25,0.25]]],"targets":[[0,1]],"absent_classes":"count"}""").Loss!.Value, 1e-3);
    }

    // Joined sums of nothing would be a ratio of nothings, which costs 1.
    [Theory]
    [InlineData("skip")]
    [InlineData("zero")]
    public void Ratio_JoinedOverClassesThatAreNowhere_IsThatOfNone(string absent)
    {
        foreach (string loss in Ratios)
        {
            Answer answer = Bench.Ask(loss, $$"""
                {"logits":[[1,2],[0.5,-1]],"targets":[[0,0],[1,0]],"mode":"binary","aggregate":"sample","reduction":"none","absent_classes":"{{absent}}","class_reduction":"joint"}
                """);
            Assert.Equal(0, answer.Losses[0]);
            Assert.NotEqual(0, answer.Losses[1]);
            Assert.All(answer.Gradients["logits"][..2], slope => Assert.Equal(0, slope));
        }
    }

    [Fact]
    public void Dice_OfKerasDocs_IsAsPublished()
    {
        const string Masks = """ "probabilities":[[0,1,0,1],[0.4,0,0,0.9]],"targets":[[1,1,0,0],[1,1,0,0]],"mode":"binary","preset":"keras" """;
        Answer samples = Bench.Ask("dice_loss", $$"""{{{Masks}},"aggregate":"sample","reduction":"none"}""");
        Assert.Equal([0.5, 0.75757575], samples.Losses, (a, b) => Math.Abs(a - b) < 1e-7);
        Assert.Equal(0.6164384, Bench.Ask("dice_loss", $$"""{{{Masks}}}""").Loss!.Value, 1e-7);
    }

    [Fact]
    public void Dice_AsMmdetection_IsVNetsWithItsEps()
    {
        double[] p = [0.9, 0.2, 0.6, 0.1];
        double[] t = [1, 0, 1, 0];
        double both = p.Zip(t, (x, y) => x * y).Sum();
        double expected = 1 - (2 * both / (p.Sum(x => x * x) + 1e-3 + t.Sum(y => y * y) + 1e-3));
        Answer answer = Bench.Ask("dice_loss", """{"probabilities":[[0.9,0.2,0.6,0.1]],"targets":[[1,0,1,0]],"preset":"mmdet"}""");
        Assert.Equal(expected, answer.Loss!.Value, 1e-14);
    }

    [Fact]
    public void Dice_AsOptax_AddsItsSmoothOnceToTheIntersection()
    {
        double[] p = [0.9, 0.2, 0.6, 0.1];
        double[] t = [1, 0, 1, 0];
        double both = p.Zip(t, (x, y) => x * y).Sum();
        double expected = 1 - ((both + 1) / (both + (0.5 * (p.Sum() - both)) + (0.5 * (t.Sum() - both)) + 1));
        Answer answer = Bench.Ask("dice_loss",
            """{"probabilities":[[0.9,0.2,0.6,0.1]],"targets":[[1,0,1,0]],"mode":"binary","preset":"optax","reduction":"mean"}""");
        Assert.Equal(expected, answer.Loss!.Value, 1e-14);
    }

    [Fact]
    public void Tversky_OfEqualWeights_IsDiceOrJaccard()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Question dice = new Samples(EveryLoss.Card("dice_loss"), seed).Draw(new() { Extras = false, Settings = false });
            Near(Bench.Ask(dice), Bench.Ask(On("tversky_loss", dice)));
            Near(Bench.Ask(On("jaccard_loss", dice)), Bench.Ask(On("tversky_loss", dice).With("alpha", 1).With("beta", 1)));
        }
    }

    // With hard predictions the Lovász extension is the Jaccard loss itself.
    [Fact]
    public void LovaszSoftmax_OfHardPredictions_IsTheJaccardLoss()
    {
        const string Hard = """ "probabilities":[[[1,0,1,0,0],[0,1,0,0,1],[0,0,0,1,0]]],"targets":[[0,1,1,1,1]] """;
        Answer lovasz = Bench.Ask("lovasz_softmax_loss", $$"""{{{Hard}},"gradients":[]}""");
        Answer jaccard = Bench.Ask("jaccard_loss", $$"""{{{Hard}},"absent_classes":"skip","gradients":[]}""");
        Assert.Equal(jaccard.Loss!.Value, lovasz.Loss!.Value, 1e-12);
        Assert.Contains(lovasz.Notes, note => note.Code == "absent_classes" && note.Count == 1);
    }

    [Fact]
    public void LovaszHinge_OfEqualErrors_KeepsTheOrderOfPlaces()
    {
        Answer answer = Bench.Ask("lovasz_hinge_loss", """{"logits":[[0,0,0,0]],"targets":[[1,0,1,0]]}""");
        Assert.Equal(1, answer.Loss!.Value, 1e-15); // errors of 1 everywhere: the whole growth of the Jaccard loss
        // Two truths: 1/2, then 1/(2·3), then 1/3 and nothing is left to lose.
        Assert.Equal([-0.5, 1.0 / 6, -1.0 / 3, 0], answer.Gradients["logits"], (a, b) => Math.Abs(a - b) < 1e-15);
    }

    [Theory]
    [InlineData("dice_loss", 0, 1)]
    [InlineData("dice_loss", 1, 0)]
    [InlineData("jaccard_loss", 0, 1)]
    [InlineData("tversky_loss", 1, 0)]
    public void EmptyMask_PredictedEmpty_CostsWhatTheCardSays(string loss, double smooth, double expected)
    {
        Answer answer = Bench.Ask(loss, FormattableString.Invariant(
            $$"""{"probabilities":[[0,0]],"targets":[[0,0]],"mode":"binary","smooth":{{smooth}},"gradients":["probabilities"]}"""));
        Assert.Equal(expected, answer.Loss!.Value, 1e-12);
        Assert.DoesNotContain(answer.Gradients["probabilities"], double.IsNaN);
        Assert.Contains(answer.Notes, note => note.Code == "absent_classes" && note.Count == 1);
    }

    [Fact]
    public void AbsentClasses_OfEveryWord_DoWhatItSays()
    {
        const string Absent = """ "probabilities":[[[0.5,0.25],[0.25,0.5],[0.25,0.25]]],"targets":[[0,1]],"gradients":[] """;
        double[] present = [1 - (1 / 1.75), 1 - (1 / 1.75)];
        Assert.Equal((present.Sum() + 1) / 3, Bench.Ask("dice_loss", $$"""{{{Absent}}}""").Loss!.Value, 1e-12);
        Assert.Equal(present.Sum() / 3, Bench.Ask("dice_loss", $$"""{{{Absent}},"absent_classes":"zero"}""").Loss!.Value, 1e-12);
        Assert.Equal(present.Sum() / 2, Bench.Ask("dice_loss", $$"""{{{Absent}},"absent_classes":"skip"}""").Loss!.Value, 1e-12);
    }

    [Fact]
    public void IgnoredPlaces_WhateverTheyHold_LeaveSumsAndHaveNoGradient()
    {
        foreach (string loss in Ratios.Concat(["mcc_loss", "lovasz_softmax_loss"]))
        {
            Answer kept = Bench.Ask(loss, """{"logits":[[[1,-1],[0.5,2]]],"targets":[[0,1]]}""");
            Answer ignored = Bench.Ask(loss, """{"logits":[[[1,"NaN",-1],[0.5,"Infinity",2]]],"targets":[[0,255,1]],"ignore_index":255}""");
            Assert.Equal(kept.Loss!.Value, ignored.Loss!.Value, 1e-14);
            double[] slopes = ignored.Gradients["logits"];
            Assert.Equal([slopes[0], 0, slopes[2], slopes[3], 0, slopes[5]], slopes);
            Assert.Equal(kept.Gradients["logits"], [slopes[0], slopes[2], slopes[3], slopes[5]], (a, b) => Math.Abs(a - b) < 1e-14);
            Assert.Equal(1, ignored.Notes.Single(note => note.Code == "ignored").Count);

            Answer all = Bench.Ask(loss, """{"logits":[[[1,2],[3,4]]],"targets":[[-100,-100]]}""");
            Assert.Equal(0, all.Loss);
            Assert.Contains(all.Notes, note => note.Code == "empty");
            Assert.All(all.Gradients["logits"], slope => Assert.Equal(0, slope));
        }
    }

    [Fact]
    public void IgnoredPlaces_WhateverTheyHold_HaveNoCurvatureAndNoFloor()
    {
        foreach (string loss in Ratios.Concat(["mcc_loss", "lovasz_softmax_loss"]))
        {
            const string Floor = """ "hessian":"diagonal","hessian_floor":0.03125 """;
            Answer kept = Bench.Ask(loss, $$"""{"logits":[[[1,-1],[0.5,2]]],"targets":[[0,1]],{{Floor}}}""");
            Answer ignored = Bench.Ask(loss, $$"""{"logits":[[[1,"NaN",-1],[0.5,"Infinity",2]]],"targets":[[0,255,1]],"ignore_index":255,{{Floor}}}""");
            double[] curves = ignored.Hessians["logits"];
            Assert.Equal([curves[0], 0, curves[2], curves[3], 0, curves[5]], curves);
            Assert.Equal(kept.Hessians["logits"], [curves[0], curves[2], curves[3], curves[5]], (a, b) => Math.Abs(a - b) < 1e-14);
            Assert.All(kept.Hessians["logits"], curve => Assert.True(curve >= 0.03125));

            Answer all = Bench.Ask(loss, $$"""{"logits":[[[1,2],[3,4]]],"targets":[[-100,-100]],{{Floor}}}""");
            Assert.All(all.Hessians["logits"], curve => Assert.Equal(0, curve));
        }
    }

    // Of 1 - 2 B / S with S = P + T; both grow by one where the mask is, S alone beside it.
    [Fact]
    public void Dice_OfAMask_BendsAsItsFormulaSays()
    {
        Answer answer = Bench.Ask("dice_loss", """{"probabilities":[[0.9,0.2,0.6]],"targets":[[1,0,1]],"mode":"binary","hessian":"diagonal"}""");
        const double Both = 1.5, Sum = 3.7;
        const double Inside = (4 / (Sum * Sum)) - (4 * Both / (Sum * Sum * Sum)), Beside = -4 * Both / (Sum * Sum * Sum);
        Assert.Equal([Inside, Beside, Inside], answer.Hessians["probabilities"], (a, b) => Math.Abs(a - b) < 1e-15);
    }

    // The sigmoid's own slope is q = e^-40 there, and 1 - p would be 0.
    [Theory]
    [InlineData("binary", """[[40,-1]]""", """[[1,0]]""")]
    [InlineData("multiclass", """[[[0,-1],[-40,0]]]""", """[0,1]""")]
    public void Curvature_OfACertainPlace_KeepsItsDigits(string mode, string logits, string targets)
    {
        double rest = Math.Exp(-40);
        double beside = 1 / (1 + Math.E);
        Answer answer = Bench.Ask("dice_loss",
            $$"""{"logits":{{logits}},"targets":{{(mode == "binary" ? targets : $"[{targets}]")}},"mode":"{{mode}}","hessian":"diagonal"}""");
        // By p of the certain place: -2 (T + beside) / S² for the class that is there, with S = p + beside + T.
        double sum = 2 + beside;
        double slope = -2 * (1 + beside) / (sum * sum);
        double expected = -slope * rest;
        if (mode == "multiclass")
        {
            // The second class has p = e^-40 there, and 2 B / S² is what it costs: B = 1 - beside, S = 2 - beside.
            double other = 2 * (1 - beside) / Math.Pow(2 - beside, 2);
            expected = (expected + (other * rest)) / 2;
        }

        Assert.Equal(1, answer.Hessians["logits"][0] / expected, 1e-13);
    }

    [Fact]
    public void Lovasz_BetweenItsCorners_IsStraight()
    {
        Answer hinge = Bench.Ask("lovasz_hinge_loss", """{"logits":[[1.5,-0.5,0.3,2.0]],"targets":[[1,0,1,0]],"hessian":"diagonal"}""");
        Assert.All(hinge.Hessians["logits"], curve => Assert.Equal(0, curve));
        Answer softmax = Bench.Ask("lovasz_softmax_loss",
            """{"probabilities":[[[0.5,0.25],[0.5,0.75]]],"targets":[[0,1]],"hessian":"diagonal"}""");
        Assert.All(softmax.Hessians["probabilities"], curve => Assert.Equal(0, curve));
        Assert.Contains(softmax.Gradients["probabilities"], slope => slope != 0);
    }

    [Fact]
    public void IgnoredPlaces_OfABinaryMask_NeedLabels()
    {
        const string Mask = """ "probabilities":[[0.9,0.2,0.6]],"targets":[[1,255,0]],"mode":"binary","ignore_index":255 """;
        Assert.Equal(Codes.DomainError, Bench.MistakesOf("dice_loss", $$"""{{{Mask}}}""")[0].Code);
        Answer labels = Bench.Ask("dice_loss", $$"""{{{Mask}},"target_type":"index"}""");
        Assert.Equal(1 - (1.8 / 2.5), labels.Loss!.Value, 1e-14);
    }

    [Fact]
    public void ClassWeights_OfAMean_DivideByTheClassesUnlessAsked()
    {
        const string Weighted = """ "probabilities":[[[0.5,0.25],[0.5,0.75]]],"targets":[[0,1]],"weight":[1,3],"gradients":[] """;
        double[] losses = [1 - (1 / 1.75), 1 - (1.5 / 2.25)];
        double sum = losses[0] + (3 * losses[1]);
        Assert.Equal(sum / 2, Bench.Ask("dice_loss", $$"""{{{Weighted}}}""").Loss!.Value, 1e-14);
        Assert.Equal(sum / 4, Bench.Ask("dice_loss", $$"""{{{Weighted}},"weight_normalization":"sum_weights"}""").Loss!.Value, 1e-14);
    }

    [Fact]
    public void Mode_DecidesWhatTheSecondAxisIs()
    {
        const string Square = """ "probabilities":[[0.9,0.2],[0.4,0.7]],"targets":[[1,0],[0,1]],"gradients":[] """;
        double joint = 1 - (2 * 1.6 / (2.2 + 2));
        double classes = ((1 - (1.8 / 2.3)) + (1 - (1.4 / 1.9))) / 2;
        Assert.Equal(joint, Bench.Ask("dice_loss", $$"""{{{Square}},"mode":"binary"}""").Loss!.Value, 1e-14);
        Assert.Equal(classes, Bench.Ask("dice_loss", $$"""{{{Square}},"mode":"multilabel"}""").Loss!.Value, 1e-14);
        Assert.Equal(classes, Bench.Ask("dice_loss", $$"""{{{Square}}}""").Loss!.Value, 1e-14);
    }

    private static Question On(string loss, Question question)
    {
        var other = new Question(EveryLoss.Card(loss)) { Gradients = question.Gradients };
        foreach ((string name, Given given) in question.Inputs)
        {
            other.Inputs[name] = given;
        }

        foreach ((string name, double value) in question.Parameters)
        {
            other.Parameters[name] = value;
        }

        return other;
    }

    private static void Near(Answer expected, Answer found)
    {
        foreach (((string name, double[] left), (_, double[] right)) in expected.All().Zip(found.All()))
        {
            Assert.All(left.Zip(right), pair => Assert.True(Math.Abs(pair.First - pair.Second) < 1e-12, $"{name}: {pair}"));
        }
    }
}
