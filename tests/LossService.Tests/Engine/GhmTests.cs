using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>What the gradient harmonizing mechanism keeps from batch to batch, and what it leaves out.</summary>
[Trait("Set", "Engine")]
public sealed class GhmTests
{
    // Gradients of 0.5, 0.5, and 1 less next to nothing: bins 2 and 3 of 4.
    private const string Batch = "\"logits\":[0,0,50],\"targets\":[0,1,0],\"bins\":4,\"reduction\":\"none\"";

    [Fact]
    public void Items_OfTwoBins_WeighByTheirBinsCount()
    {
        Answer answer = Bench.Ask("ghm_c", $$"""{{{Batch}}}""");
        double half = 3.0 / (2 * 2) * Math.Log(2);
        Assert.All(new[] { half, half, 3.0 / 2 * 50 }.Zip(answer.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-13));
    }

    [Fact]
    public void Counts_UnderMomentum_AreBlendedWhereABinHoldsAny()
    {
        Answer answer = Bench.Ask("ghm_c", $$"""{{{Batch}},"momentum":0.75,"bin_counts":[5,0,6,0]}""");
        Assert.Equal([5, 0, 5, 0.25], answer.Outputs["bin_counts"]);
        Assert.Equal(3.0 / (2 * 5) * Math.Log(2), answer.Losses[0], 1e-14);
        Assert.Equal(3.0 / (2 * 0.25) * 50, answer.Losses[2], 1e-12);
    }

    [Fact]
    public void Elements_OfLabelWeightZero_AreInNoBinAndLeaveTheMean()
    {
        Answer some = Bench.Ask("ghm_c", """{"logits":[0,9,50],"targets":[0,1,0],"bins":4,"label_weight":[2,0,1]}""");
        Answer rest = Bench.Ask("ghm_c", """{"logits":[0,50],"targets":[0,0],"bins":4}""");
        Assert.Equal(rest.Loss, some.Loss);
        Assert.Equal(new Normalizer("count", 2), some.Normalizer);
        Assert.Equal([rest.Gradients["logits"][0], 0, rest.Gradients["logits"][1]], some.Gradients["logits"]);
        Assert.Equal(rest.Outputs["bin_counts"], some.Outputs["bin_counts"]);
    }

    [Fact]
    public void Counts_OfAnotherNumberOfBins_AreRefused()
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("ghm_c", $$"""{{{Batch}},"bin_counts":[1,2,3]}"""));
        Assert.Equal(("/bin_counts", "[4] (B from bins)", "[3]"), (mistake.Pointer, mistake.Expected, mistake.Found));
    }
}
