using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine;

/// <summary>Preferences from log-probabilities token by token, padded: as from their sums, with the gradient at every
/// token that counts.</summary>
[Trait("Set", "Engine")]
public sealed class TokenTests
{
    private const string Tokens =
        """
        "policy_chosen_logps":[[-1,-0.5,-2],[-3,-0.25,"NaN"]],"policy_rejected_logps":[[-2,-1.5],[-1,"NaN"]],
        "reference_chosen_logps":[[-1.5,-0.5,-2],[-2.5,-0.5,9]],"reference_rejected_logps":[[-1.5,-1],[-1.25,7]]
        """;

    private const string Lengths = "\"chosen_lengths\":[3,2],\"rejected_lengths\":[2,1]";
    private const string Masks = "\"chosen_mask\":[[true,true,true],[true,true,false]],\"rejected_mask\":[[true,true],[true,false]]";

    private const string Sums =
        """
        "policy_chosen_logps":[-3.5,-3.25],"policy_rejected_logps":[-3.5,-1],
        "reference_chosen_logps":[-4,-3],"reference_rejected_logps":[-2.5,-1.25]
        """;

    [Theory]
    [InlineData("dpo_loss", Lengths, false)]
    [InlineData("dpo_loss", Masks, false)]
    [InlineData("dpo_loss", Lengths, true)]
    [InlineData("ipo_loss", Masks, true)]
    [InlineData("robust_dpo_loss", Lengths, true)]
    public void Loss_OfTokens_IsThatOfTheirSumsOrAverages(string loss, string counts, bool averages)
    {
        string rest = $"\"length_normalize\":{(averages ? "true" : "false")},\"beta\":0.5,\"hessian\":\"diagonal\",\"return_items\":true";
        Answer tokens = Bench.Ask(loss, $$"""{{{Tokens}},{{counts}},{{rest}}}""");
        Answer sums = Bench.Ask(loss, $$"""{{{Sums}},{{Lengths}},{{rest}}}""");
        Answer.AssertSameBits(sums.Losses, tokens.Losses, loss);
        double[] chosen = sums.Gradients["policy_chosen_logps"];
        double[] rejected = sums.Gradients["policy_rejected_logps"];
        Assert.Equal([chosen[0], chosen[0], chosen[0], chosen[1], chosen[1], 0], tokens.Gradients["policy_chosen_logps"]);
        Assert.Equal([rejected[0], rejected[0], rejected[1], 0], tokens.Gradients["policy_rejected_logps"]);
        double[] curves = sums.Hessians["policy_chosen_logps"];
        Assert.Equal([curves[0], curves[0], curves[0], curves[1], curves[1], 0], tokens.Hessians["policy_chosen_logps"]);
    }

    [Fact]
    public void Cpo_OfTokens_AveragesTheLikelihoodOverThoseThatCount()
    {
        Answer tokens = Bench.Ask("cpo_loss",
            """{"policy_chosen_logps":[[-1,-0.5,-2]],"policy_rejected_logps":[-3.5],"chosen_mask":[[true,false,true]]}""");
        Answer sums = Bench.Ask("cpo_loss", """{"policy_chosen_logps":[-3],"policy_rejected_logps":[-3.5],"chosen_lengths":[2]}""");
        Assert.Equal(sums.Loss, tokens.Loss);
        double slope = sums.Gradients["policy_chosen_logps"][0];
        Assert.Equal([slope, 0, slope], tokens.Gradients["policy_chosen_logps"]);
    }

    [Fact]
    public void Kto_OfTokens_TakesItsDivergenceFromTheirSums()
    {
        Answer tokens = Bench.Ask("kto_loss",
            """{"policy_logps":[[-4,-6,3],[-9,-10,-0.5]],"reference_logps":[[-5,-6,1],[-10,-10,0]],"targets":[1,0],"completion_lengths":[2,3]}""");
        Answer sums = Bench.Ask("kto_loss",
            """{"policy_logps":[-10,-19.5],"reference_logps":[-11,-20],"targets":[1,0]}""");
        Assert.Equal(sums.Loss, tokens.Loss);
        Assert.Equal(sums.Notes.Single().Values, tokens.Notes.Single().Values);
    }

    [Theory]
    [InlineData("\"chosen_lengths\":[4,2]", "/chosen_lengths", "an integer from 1 to 3")]
    [InlineData("\"chosen_lengths\":[2.5,2]", "/chosen_lengths", "an integer from 1 to 3")]
    [InlineData("\"chosen_mask\":[[true,true],[true,true]]", "/chosen_mask", "[2, 3] (N, T from policy_chosen_logps)")]
    public void Counts_ThatDoNotFitTheTokens_AreRefused(string counts, string pointer, string expected)
    {
        Mistake[] mistakes = [.. Bench.MistakesOf("dpo_loss", $$"""{{{Tokens}},{{counts}},"rejected_lengths":[2,1]}""")];
        Assert.Contains(mistakes, mistake => mistake.Pointer == pointer && mistake.Expected == expected);
    }

    [Fact]
    public void Mask_BesideSums_MeansNothing()
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf("dpo_loss", $$"""{{{Sums}},"chosen_mask":[[true],[true]]}"""));
        Assert.Equal(("/chosen_mask", "nothing beside policy_chosen_logps [2]"), (mistake.Pointer, mistake.Expected));
    }
}
