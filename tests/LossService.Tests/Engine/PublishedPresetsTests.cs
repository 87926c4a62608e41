using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Numbers that libraries publish, asked for by their preset.</summary>
[Trait("Set", "Engine")]
public sealed class PublishedPresetsTests
{
    private const string Errors = "\"predictions\":[0,2,3],\"targets\":[1,1,1]";

    /// <summary>The tests of mmdetection's weighted_loss; from 2.23 it adds the least step of a float to avg_factor.</summary>
    [Theory]
    [InlineData("", 4.0 / 3)]
    [InlineData(",\"weight\":[1,0,1]", 1)]
    [InlineData(",\"weight\":[1,0,1],\"avg_factor\":2", 3 / (2 + 1.1920929e-07))]
    public void L1_OfMmdetsTests_IsAsPublished(string rest, double expected) =>
        Assert.Equal(expected, Bench.Ask("l1_loss", $$"""{{{Errors}}{{rest}},"preset":"mmdet"}""").Loss!.Value, 1e-15);

    /// <summary>pytorch/pytorch#107680: by labels PyTorch divides by the weights, mmdetection and Keras by the rows.</summary>
    [Theory]
    [InlineData("pytorch", 0.8704835014526199)]
    [InlineData("mmdet", 54.40521884078874)]
    [InlineData("keras", 54.40521884078874)]
    public void CrossEntropy_OfPyTorch107680_IsAsEachLibraryDivides(string preset, double expected) => Assert.Equal(
        expected,
        Bench.Ask("cross_entropy",
            $$"""{"logits":[[2.3,2.1,4.5],[4.2,3.2,5.1]],"targets":[1,2],"weight":[25,25,100],"preset":"{{preset}}"}""").Loss!.Value,
        1e-13);

    /// <summary>The documentation of optax: one loss a row.</summary>
    [Fact]
    public void CrossEntropy_OfOptaxDocs_IsAsPublished()
    {
        Answer answer = Bench.Ask("cross_entropy",
            """{"logits":[[1.2,-0.8,-0.5],[0.9,-1.2,1.1]],"targets":[0,1],"preset":"optax"}""");
        Assert.Null(answer.Loss);
        Assert.Equal([0.2761, 2.9518], answer.Losses, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    /// <summary>The documentation of Keras: Huber, Hinge and CategoricalFocalCrossentropy.</summary>
    [Theory]
    [InlineData("huber_loss", "\"predictions\":[[0.6,0.4],[0.4,0.6]],\"targets\":[[0,1],[0,0]]", 0.155)]
    [InlineData("hinge_loss", "\"predictions\":[[0.6,0.4],[0.4,0.6]],\"targets\":[[0,1],[0,0]]", 1.3)]
    [InlineData("softmax_focal_loss",
        "\"logits\":[[-2.995732273553991,-0.05129329438755058,\"-Infinity\"],[-2.3025850929940455,-0.2231435513142097,-2.3025850929940455]],\"targets\":[1,2]",
        0.23315276)]
    public void Loss_OfKerasDocs_IsAsPublished(string loss, string inputs, double expected) =>
        Assert.Equal(expected, Bench.Ask(loss, $$"""{{{inputs}},"preset":"keras"}""").Loss!.Value, 1e-7);

    /// <summary>torch.nn.functional.mse_loss and its like divide a weighted mean by the weights.</summary>
    [Theory]
    [InlineData("mse_loss", (4 * 1) + (1 * 4))]
    [InlineData("l1_loss", (4 * 1) + (1 * 2))]
    [InlineData("huber_loss", (4 * 0.5) + (1 * 1.5))]
    public void WeightedMean_OfPyTorch_DividesByTheWeights(string loss, double sum)
    {
        const string Weighted = "\"predictions\":[0,3],\"targets\":[1,1],\"weight\":[4,1]";
        Answer answer = Bench.Ask(loss, $$"""{{{Weighted}},"preset":"pytorch"}""");
        Assert.Equal(new Normalizer("sum_weights", 5), answer.Normalizer);
        Assert.Equal(sum / 5, answer.Loss!.Value, 1e-15);
        Assert.Equal(sum / 2, Bench.Ask(loss, $$"""{{{Weighted}}}""").Loss!.Value, 1e-15);
    }

    /// <summary>Checked by finite differences where nobody publishes a number.</summary>
    [Fact]
    public void DetectionLosses_OfTheCatalogue_AreItsNumbers()
    {
        Answer focal = Bench.Ask("softmax_focal_loss", """{"logits":[[1,2,3]],"targets":[0],"gamma":2}""");
        Assert.Equal(1.993604534578631, focal.Loss!.Value, 1e-14);
        Assert.Equal(
            [-1.11246576747094, 0.299188124729098, 0.813277642741846], focal.Gradients["logits"],
            (a, b) => Math.Abs(a - b) < 1e-14);
        Answer bins = Bench.Ask("distribution_focal_loss", """{"logits":[[0.1,0.7,-0.2,0.4]],"targets":[1.3],"preset":"mmdet"}""");
        Assert.Equal(1.2618431949544127, bins.Loss!.Value, 1e-14);
        Assert.Equal(
            [0.203550083267994, -0.329107566456335, -0.149206389493789, 0.27476387268213], bins.Gradients["logits"],
            (a, b) => Math.Abs(a - b) < 1e-14);
    }
}
