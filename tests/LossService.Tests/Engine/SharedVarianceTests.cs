using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>A variance that several elements share, in the shapes that PyTorch takes.</summary>
[Trait("Set", "Engine")]
public sealed class SharedVarianceTests
{
    private const string Rest =
        "\"predictions\":[[1,0,2],[0.5,0.25,-1]],\"targets\":[[2,0,0.5],[0,0.125,1]],\"return_items\":true,\"hessian\":\"diagonal\"";

    [Theory]
    [InlineData("[[0.5],[2]]", "[[0.5,0.5,0.5],[2,2,2]]", 3)]
    [InlineData("[0.5,2]", "[[0.5,0.5,0.5],[2,2,2]]", 3)]
    [InlineData("0.5", "[[0.5,0.5,0.5],[0.5,0.5,0.5]]", 6)]
    public void GaussianNll_OfASharedVariance_HasTheSumOfItsElementsDerivatives(string variances, string spread, int sharers)
    {
        Answer shared = Bench.Ask("gaussian_nll_loss", $$"""{{{Rest}},"variances":{{variances}}}""");
        Answer each = Bench.Ask("gaussian_nll_loss", $$"""{{{Rest}},"variances":{{spread}}}""");
        Answer.AssertSameBits(each.Losses, shared.Losses, "losses");
        Answer.AssertSameBits(each.Gradients["predictions"], shared.Gradients["predictions"], "predictions");
        Assert.Equal(each.Loss, shared.Loss);
        Assert.All(
            each.Gradients["variances"].Chunk(sharers).Select(part => part.Sum()).Zip(shared.Gradients["variances"]),
            pair => Assert.Equal(pair.First, pair.Second, 1e-15));
        Assert.All(
            each.Hessians["variances"].Chunk(sharers).Select(part => part.Sum()).Zip(shared.Hessians["variances"]),
            pair => Assert.Equal(pair.First, pair.Second, 1e-14));
    }

    [Fact]
    public void GaussianNll_OfAVarianceOfManyElements_SumsThemAsOne()
    {
        const int Count = 10_000;
        double[] numbers = [.. Enumerable.Range(0, Count).Select(i => (i % 7) - 3.0)];
        Question question = Question.Of("gaussian_nll_loss", """{"variances":1,"reduction":"sum"}""")
            .With("predictions", new Given(numbers, [Count])).With("targets", new Given(new double[Count], [Count]));
        Assert.Equal(numbers.Sum(x => (1 - (x * x)) / 2), Bench.Ask(question).Gradients["variances"].Single());
    }

    [Fact]
    public void GaussianNll_UnderAMask_LooksAtAVarianceAsLongAsOneOfItsElementsCounts()
    {
        const string Masked = """ "mask":[[true,false,true],[false,false,false]],"variances" """;
        Answer answer = Bench.Ask("gaussian_nll_loss", $$"""{{{Rest}},{{Masked}}:[[0.5],[-1]]}""");
        Assert.Equal(0, answer.Gradients["variances"][1]);
        Assert.NotEqual(0, answer.Gradients["variances"][0]);
        Mistake mistake = Assert.Single(Bench.MistakesOf("gaussian_nll_loss", $$"""{{{Rest}},{{Masked}}:[[-1],[2]]}"""));
        Assert.Equal((Codes.DomainError, 1), (mistake.Code, mistake.Count));
    }

    [Theory]
    [InlineData("[[0.5,2,1]]")]
    [InlineData("[0.5,2,1]")]
    public void GaussianNll_OfAVarianceForEachColumn_IsRefused(string variances)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("gaussian_nll_loss", $$"""{{{Rest}},"variances":{{variances}}}"""));
        Assert.Equal("/variances", mistake.Pointer);
        Assert.Equal("[2, 3] (S from predictions) or [2, 1] (S from predictions) or [2] (S from predictions) or []", mistake.Expected);
    }
}
