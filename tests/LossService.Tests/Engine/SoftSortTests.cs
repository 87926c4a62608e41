using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Gains that are sorted softly.</summary>
[Trait("Set", "Engine")]
public sealed class SoftSortTests
{
    private const string List = "\"scores\":[[0.5,1.2,-0.3,0.1]],\"relevance\":[[2,0,1,0]],\"return_items\":true";

    /// <summary>Hard sorting: gains 0, 3, 0, 1 in order of the scores, over 3, 1 in order of relevance.</summary>
    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public void NeuralNdcg_AtATemperatureNearZero_IsTheNegativeNdcg(string transposed)
    {
        double expected = -((3 / Math.Log2(3)) + (1 / Math.Log2(5))) / (3 + (1 / Math.Log2(3)));
        Answer answer = Bench.Ask("neural_ndcg_loss", $$"""{{{List}},"temperature":0.005,"transposed":{{transposed}}}""");
        Assert.Equal(expected, answer.Loss!.Value, 1e-14);
    }

    /// <summary>Of two elements the first rank has p of one and 1 - p of the other, p = σ((s1 - s2) / T), and the second rank
    /// the rest: no scaling is needed.</summary>
    [Fact]
    public void NeuralNdcg_OfTwoElements_IsASigmoidOfTheirDifference()
    {
        double p = 1 / (1 + Math.Exp(-0.7));
        double expected = -(p + ((1 - p) / Math.Log2(3)));
        foreach (string sorting in new[] { "\"sinkhorn_iterations\":0", "\"transposed\":true", "\"transposed\":false" })
        {
            Answer answer = Bench.Ask("neural_ndcg_loss", $$"""{"scores":[[0.7,0]],"relevance":[[1,0]],{{sorting}}}""");
            Assert.Equal(expected, answer.Loss!.Value, 1e-14);
            Assert.Equal(-p * (1 - p) * (1 - (1 / Math.Log2(3))), answer.Gradients["scores"][0], 1e-14);
        }
    }

    [Fact]
    public void NeuralNdcg_Settled_IsThatOfMoreIterations()
    {
        Answer settled = Bench.Ask("neural_ndcg_loss", $$"""{{{List}},"sinkhorn_tolerance":1e-12,"sinkhorn_iterations":200}""");
        Answer more = Bench.Ask("neural_ndcg_loss", $$"""{{{List}},"sinkhorn_tolerance":0,"sinkhorn_iterations":200}""");
        Answer transposed = Bench.Ask("neural_ndcg_loss",
            $$"""{{{List}},"sinkhorn_tolerance":0,"sinkhorn_iterations":200,"transposed":true}""");
        Assert.Equal(more.Loss!.Value, settled.Loss!.Value, 1e-11);
        Assert.Equal(more.Loss!.Value, transposed.Loss!.Value, 1e-11);
        Assert.All(
            more.Gradients["scores"].Zip(settled.Gradients["scores"]),
            pair => Assert.Equal(pair.First, pair.Second, 1e-10));
        Assert.NotEqual(more.Loss!.Value, Bench.Ask("neural_ndcg_loss", $$"""{{{List}},"sinkhorn_iterations":1}""").Loss!.Value, 1e-6);
    }

    [Fact]
    public void NeuralNdcg_OfAListBeyondItsLimit_IsRefused()
    {
        int length = AxisMax.OfPermutations.Length + 1;
        var numbers = new Given(new double[length], [1, length]);
        Mistake mistake = Assert.Single(Bench.MistakesOf(
            Question.Of("neural_ndcg_loss", "{}").With("scores", numbers).With("relevance", numbers)));
        Assert.Equal((Codes.LimitExceeded, "at most 1024 on axis L"), (mistake.Code, mistake.Expected));
    }
}
