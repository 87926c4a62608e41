using LossService.Engine;
using LossService.Tests.Engine.Harness;
using Xunit;

namespace LossService.Tests.Engine.Cards;

[Trait("Set", "Engine")]
public sealed class ShapeSolverTests
{
    [Theory]
    [InlineData("cross_entropy", """{"logits":[[1,2,3],[4,5,6]],"targets":[0.2,0.3,0.5]}""", "/targets")]
    [InlineData("cross_entropy", """{"logits":[[1,2,3],[4,5,6]],"targets":1}""", "/targets")]
    [InlineData("cross_entropy", """{"logits":[1,2,3],"targets":[1]}""", "/targets")]
    [InlineData("cross_entropy", """{"logits":[[[1,2],[3,4]]],"targets":[1]}""", "/targets")]
    [InlineData("sigmoid_focal_loss", """{"logits":[[1,2],[3,4]],"targets":1}""", "/targets")]
    [InlineData("sigmoid_focal_loss", """{"logits":[[1],[3]],"targets":[1,0]}""", "/targets")]
    [InlineData("contrastive_loss", """{"input1":[[1,2],[3,4]],"input2":[1,2],"targets":[1,0]}""", "/input2")]
    [InlineData("contrastive_loss", """{"input1":[[1,2],[3,4]],"input2":[[1,2],[3,4]],"targets":1}""", "/targets")]
    [InlineData("kl_divergence", """{"p":[[0.5,0.5],[0.5,0.5]],"q":[0.5,0.5]}""", "/q")]
    [InlineData("kd_loss", """{"student_logits":[[1,2],[3,4]],"teacher_logits":[1,2]}""", "/teacher_logits")]
    [InlineData("mse_loss", """{"predictions":[[1],[2]],"targets":[1,2]}""", "/targets")]
    public void Solve_InputThatWouldBeRepeatedForEverySample_IsRefused(string loss, string json, string pointer)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf(loss, json));
        Assert.Equal(pointer, mistake.Pointer);
        Assert.Contains(mistake.Code, new[] { Codes.ShapeMismatch, Codes.RankMismatch });
    }

    [Theory]
    [InlineData("""{"logits":[0,0],"targets":[1,1],"pos_weight":[3,2],"reduction":"none"}""", new[] { 3.0, 2 })]
    [InlineData("""{"logits":[[0,0],[0,0]],"targets":[[1,1],[1,1]],"pos_weight":[3,2],"reduction":"none"}""", new[] { 3.0, 2, 3, 2 })]
    [InlineData("""{"logits":[[[0,0]],[[0,0]]],"targets":[[[1,1]],[[1,1]]],"pos_weight":[3],"reduction":"none"}""", new[] { 3.0, 3, 3, 3 })]
    [InlineData("""{"logits":[[0,0]],"targets":[[1,1]],"pos_weight":4,"reduction":"none"}""", new[] { 4.0, 4 })]
    public void Solve_WeightPerClassOfAnElementwiseLoss_StandsOnTheSecondAxisOrTheOnlyOne(string json, double[] factors)
    {
        double[] losses = Bench.Ask("binary_cross_entropy_with_logits", json).Losses;
        Assert.Equal(factors, losses.Select(loss => loss / Math.Log(2)));
    }

    [Fact]
    public void Solve_ItemsThatAreTerms_ShapesWeightsAndMasksAlike()
    {
        // Items (N, C, D): a weight per item must not be taken for one per row.
        const string Json = """
            {"p":[[[0.5,0.25],[0.5,0.75]]],"q":[[[0.25,0.5],[0.75,0.5]]],"class_reduction":"none","reduction":"none",
             "sample_weight":[[[1,2],[3,4]]],"mask":[[[true,true],[false,true]]]}
            """;
        Answer answer = Bench.Ask("kl_divergence", Json);
        Assert.Equal([1, 2, 2], answer.LossesShape);
        Assert.Equal([Math.Log(2) / 2, Math.Log(0.5) / 2, 0, 3 * Math.Log(1.5)], answer.Losses, (a, b) => Math.Abs(a - b) < 1e-15);

        string rows = Json.Replace("[[[1,2],[3,4]]]", "[[1,2]]", StringComparison.Ordinal);
        Assert.Equal("/sample_weight", Assert.Single(Bench.MistakesOf("kl_divergence", rows)).Pointer);
    }

    [Theory]
    [InlineData("kl_divergence", """{"p":[[],[]],"q":[[],[]],"class_reduction":"none"}""")]
    [InlineData("cross_entropy", """{"logits":[[],[]],"targets":[0,0]}""")]
    public void Solve_ZeroClasses_AreRefused(string loss, string json) =>
        Assert.Equal(Codes.ShapeMismatch, Bench.MistakesOf(loss, json)[0].Code);

    [Theory]
    [InlineData("dpo_loss", "reference_rejected_logps", """
        {"policy_chosen_logps":[[-1]],"policy_rejected_logps":[[]],"reference_chosen_logps":[[-1]],"reference_rejected_logps":[]}
        """)]
    [InlineData("mse_loss", "targets", """{"predictions":[[],[]],"targets":[]}""")]
    public void Solve_BareEmptyBesideRowsOfNothing_IsNothingOfTheFirstAxis(string loss, string input, string json)
    {
        Mistake mistake = Assert.Single(Bench.MistakesOf(loss, json));
        Assert.Equal($"/{input}", mistake.Pointer);
        Assert.Equal("[0]", mistake.Found);
    }

    [Theory]
    [MemberData(nameof(EveryLoss.Names), MemberType = typeof(EveryLoss))]
    public void Solve_EmptyBatchOfNoClasses_IsEmpty(string loss)
    {
        Question question = new Samples(EveryLoss.Card(loss), 1).Draw(new() { Form = 0, Samples = 0, Row = 0, Plain = true, Extras = false, Independent = true });
        Assert.Empty(Bench.Ask(question.With("reduction", "none")).Losses);
    }
}
