using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Several views of a sample in one request: on an axis of their own, or one behind the other.</summary>
[Trait("Set", "Engine")]
public sealed class ViewsTests
{
    private const string Rows = "[[2,0.5,0.1],[0.2,1.5,0.3],[1.8,0.7,0.1],[0.4,1.1,0.2]]";
    private const string Views = "[[[2,0.5,0.1],[0.2,1.5,0.3]],[[1.8,0.7,0.1],[0.4,1.1,0.2]]]";
    private const string Rest = "\"targets\":[0,1],\"return_items\":true";

    [Fact]
    public void JsdCrossEntropy_OfViewsOnAnAxisOrOneBehindTheOther_IsTheSame()
    {
        Answer behind = Bench.Ask("jsd_cross_entropy", $$"""{"logits":{{Rows}},"num_splits":2,{{Rest}}}""");
        Answer axis = Bench.Ask("jsd_cross_entropy", $$"""{"logits":{{Views}},{{Rest}}}""");
        Answer.AssertSameBits(behind.Losses, axis.Losses, "losses");
        Answer.AssertSameBits(behind.Gradients["logits"], axis.Gradients["logits"], "gradients");
        Assert.Equal(new Normalizer("count", 2), behind.Normalizer);
    }

    [Fact]
    public void JsdCrossEntropy_WithoutItsDivergence_IsTheCrossEntropyOfTheFirstView()
    {
        Answer views = Bench.Ask("jsd_cross_entropy", $$"""{"logits":{{Views}},"alpha":0,{{Rest}}}""");
        Answer clean = Bench.Ask("cross_entropy",
            $$"""{"logits":[[2,0.5,0.1],[0.2,1.5,0.3]],"label_smoothing":0.1,{{Rest}}}""");
        Assert.All(clean.Losses.Zip(views.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
        Assert.All(clean.Gradients["logits"].Zip(views.Gradients["logits"]), pair => Assert.Equal(pair.First, pair.Second, 1e-16));
        Assert.All(views.Gradients["logits"][6..], slope => Assert.Equal(0, slope));
    }

    [Fact]
    public void JsdCrossEntropy_OfViewsThatAgree_CostsNoDivergence()
    {
        Answer answer = Bench.Ask("jsd_cross_entropy",
            """{"logits":[[[2,0.5,0.1]],[[2,0.5,0.1]]],"targets":[0],"label_smoothing":0}""");
        Answer clean = Bench.Ask("cross_entropy", """{"logits":[[2,0.5,0.1]],"targets":[0]}""");
        Assert.Equal(clean.Loss!.Value, answer.Loss!.Value, 1e-14);
        Assert.All(answer.Gradients["logits"][3..], slope => Assert.Equal(0, slope, 1e-14));
    }

    [Theory]
    [InlineData("""{"logits":[[1,2],[3,4],[5,6],[7,8]],"targets":[0]}""", "a number of rows that num_splits 3 divides", "[4, 2]")]
    [InlineData("""{"logits":[[[1,2]],[[3,4]]],"targets":[0,1]}""", "[1] (N from logits)", "[2]")]
    [InlineData("""{"logits":[[1,2],[3,4]],"num_splits":2,"targets":[0,1]}""", "[1] (N from logits)", "[2]")]
    public void Rows_ThatDoNotFitTheirViews_AreRefusedWithWhatWasExpected(string json, string expected, string found)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("jsd_cross_entropy", json));
        Assert.Equal(Codes.ShapeMismatch, mistake.Code);
        Assert.Equal(expected, mistake.Expected);
        Assert.Equal(found, mistake.Found);
    }

    [Fact]
    public void Views_ThatAreNone_AreRefused()
    {
        Question none = Question.Of("jsd_cross_entropy", """{"targets":[0]}""").With("logits", new Given([], [0, 1, 2]));
        Assert.Equal("at least one part", Assert.Single(Bench.MistakesOf(none)).Expected);
    }
}
