using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Losses over cosines that are given vectors instead.</summary>
[Trait("Set", "Engine")]
public sealed class CosineScoresTests
{
    private const string Rest = """ "targets":[0,2],"scale":4,"reduction":"sum","dtype":"float64" """;

    // Cosines of (3, 4) and (1, 0) with (2, 0), (0, 5) and (-3, 4).
    [Theory]
    [InlineData("arcface_loss")]
    [InlineData("cosface_loss")]
    public void Vectors_OfKnownCosines_GiveTheirLossAndTheChainRule(string loss)
    {
        Answer given = Bench.Ask(loss, $$"""{"cosines":[[0.6,0.8,0.28],[1,0,-0.6]],{{Rest}}}""");
        Answer found = Bench.Ask(loss, $$"""{"embeddings":[[3,4],[1,0]],"class_centers":[[2,0],[0,5],[-3,4]],{{Rest}}}""");
        Assert.Equal(given.Loss!.Value, found.Loss!.Value, 1e-14);

        // ∂cos / ∂a is (b/|b| - cos a/|a|) / |a|: of the first cosine (0.64, -0.48) / 5, of the others likewise.
        double[] slopes = given.Gradients["cosines"];
        double[] own = found.Gradients["embeddings"];
        Assert.Equal(((slopes[0] * 0.64) + (slopes[1] * -0.48) + (slopes[2] * (-0.6 - 0.168))) / 5, own[0], 1e-14);
        Assert.Equal(((slopes[0] * -0.48) + (slopes[1] * 0.36) + (slopes[2] * (0.8 - 0.224))) / 5, own[1], 1e-14);
        double[] centers = found.Gradients["class_centers"];
        Assert.Equal([0, slopes[0] * 0.8 / 2], [Math.Round(centers[0], 14), centers[1]]);
        Assert.Equal(((slopes[1] * 0.6) + slopes[4]) / 5, centers[2], 1e-14);
        Assert.Equal(0, centers[3], 1e-14);
    }

    [Fact]
    public void Vectors_InTheSameDirection_HaveACosineOfOneAndNoSlopeAtIt()
    {
        Answer answer = Bench.Ask("arcface_loss",
            """{"embeddings":[[0.1,0.7,0.3]],"class_centers":[[0.3,2.1,0.9],[1,0,0]],"targets":[0],"dtype":"float64"}""");
        Assert.True(double.IsFinite(answer.Loss!.Value));
        Assert.All(answer.Gradients["class_centers"][..3], slope => Assert.Equal(0, slope, 1e-6));
    }

    [Fact]
    public void Vectors_OfZeros_HaveNoGradient()
    {
        Answer answer = Bench.Ask("cosface_loss",
            """{"embeddings":[[0,0],[1,2]],"class_centers":[[0,0],[1,0]],"targets":[1,1],"dtype":"float64","return_items":true}""");
        Assert.Equal([0, 0], answer.Gradients["embeddings"][..2]);
        Assert.Equal([0, 0], answer.Gradients["class_centers"][..2]);
        Assert.NotEqual(0, answer.Gradients["embeddings"][2]);
    }

    [Fact]
    public void Vectors_OfAnotherLength_AreRefusedByTheirOwnName()
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf(
            "arcface_loss", """{"embeddings":[[0,1],[1,2]],"class_centers":[[0,1,2]],"targets":[0,0]}"""));
        Assert.Equal(("/class_centers", Codes.ShapeMismatch, "[1, 2] (E from embeddings)"), (mistake.Pointer, mistake.Code, mistake.Expected));
        mistake = Assert.Single(Bench.MistakesOf(
            "arcface_loss", """{"embeddings":[[0,1],[1,2]],"class_centers":[[0,1]],"targets":[0,1]}"""));
        Assert.Equal(("/targets", Codes.ClassOutOfRange, "an integer from 0 to 0"), (mistake.Pointer, mistake.Code, mistake.Expected));
    }

    // Once refused as a label that is not "an integer from 0 to -1".
    [Theory]
    [InlineData("cosface_loss", """{"cosines":[[],[]],"targets":[0,0]}""", "/cosines")]
    [InlineData("margin_loss", """{"embeddings":[[0,1],[1,2]],"betas":[],"labels":[0,0]}""", "/betas")]
    [InlineData("cross_entropy", """{"logits":[[],[]],"targets":[0,0]}""", "/logits")]
    public void Classes_OfWhichThereAreNone_AreRefusedAsSuch(string loss, string json, string pointer)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf(Question.Of(loss, json)));
        Assert.Equal((pointer, Codes.ShapeMismatch, "at least one class"), (mistake.Pointer, mistake.Code, mistake.Expected));
    }

    [Fact]
    public void Centers_OfNoClass_AreRefusedAsSuch()
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf(Question.Of(
            "arcface_loss", """{"embeddings":[[0,1],[1,2]],"targets":[0,0]}""")
            .With("class_centers", new Given([], [0, 2]))));
        Assert.Equal(
            ("/class_centers", "at least one class", "[0, 2]"), (mistake.Pointer, mistake.Expected, mistake.Found));
    }

    // 5,000 by 5,000 cosines from two inputs of 5,000 numbers.
    [Fact]
    public void Vectors_OfTooManyCosines_AreRefused()
    {
        const int Many = 5000;
        Question question = Question.Of("cosface_loss", "{}")
            .With("embeddings", new Given(new double[Many], [Many, 1]))
            .With("class_centers", new Given(new double[Many], [Many, 1]))
            .With("targets", new Given(new double[Many], [Many]));
        Mistake mistake = Assert.Single(Bench.MistakesOf(question));
        Assert.Equal(("/class_centers", Codes.LimitExceeded, "25000000"), (mistake.Pointer, mistake.Code, mistake.Found));
    }
}
