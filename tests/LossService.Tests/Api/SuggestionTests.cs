using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What is guessed when a member has the name that another library gives it.</summary>
public sealed class SuggestionTests
{
    private static readonly string[] Predictions = ["input", "output", "preds", "y_pred"];
    private static readonly string[] Targets = ["label", "labels", "target", "y_true"];

    public static TheoryData<string> Losses => [.. Catalogue.All.Select(loss => loss.Card.Name)];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task UnknownMember_OfAnotherLibrary_IsGuessedOfTheRightKindOrNotAtAll(string loss)
    {
        LossCard card = Catalogue.Find(loss)!.Card;
        foreach ((string[] words, bool isPrediction) in new[] { (Predictions, true), (Targets, false) })
        {
            foreach (string word in words.Where(word => card.PlaceOfInput(word) < 0))
            {
                if (await GuessAsync(loss, word) is { } guess)
                {
                    Input input = card.Inputs.Single(one => one.Name == guess);
                    Assert.Equal(isPrediction, input.Gradient == GradientRule.Default);
                    Assert.True(isPrediction || ((input.MayBeLabel || input.Domain.Finite) && input.Groups == Grouping.None), $"{word}: {guess}");
                    Assert.True(word == "input" || card.Inputs.Count(one => isPrediction && one.Gradient == GradientRule.Default) <= 1, guess);
                }
            }
        }
    }

    [Theory]
    [InlineData("cross_entropy", "input logits, preds logits, y_pred logits, label targets, labels targets, y_true targets, target targets")]
    [InlineData("mse_loss", "input predictions, output predictions, y_true targets, logits -")]
    [InlineData("lambdarank_loss", "y_pred scores, y_true relevance, labels relevance")]
    [InlineData("kd_loss", "output student_logits, labels targets")]
    [InlineData("giou_loss", "preds boxes, target target_boxes")]
    [InlineData("triplet_margin_loss", "input -, output -, labels -")]
    [InlineData("ctc_loss", "input -, target targets")]
    [InlineData("kl_divergence", "y_pred -, y_true -")]
    [InlineData("supcon_loss", "output embeddings, y_true labels")]
    public async Task UnknownMember_OfAnotherLibrary_IsGuessedByWhatItIs(string loss, string expected)
    {
        foreach (string pair in expected.Split(", "))
        {
            string[] parts = pair.Split(' ');
            Assert.Equal(pair, $"{parts[0]} {await GuessAsync(loss, parts[0]) ?? "-"}");
        }
    }

    [Theory]
    [InlineData("?redction=sum", "reduction")]
    [InlineData("?gradient=targets", "gradients")]
    [InlineData("?y_true=1", null)] // tensors never stand in a query
    public async Task UnknownParameter_InTheQuery_IsGuessedAsInTheBody(string query, string? expected)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            $"/v1/losses/mse_loss{query}", """{"predictions":[1],"targets":[1]}""");
        JsonNode error = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errors"]!.AsArray().Single()!;
        Assert.Equal(expected, (string?)error["expected"]);
        Assert.StartsWith("mse_loss has no member of this name", (string?)error["detail"], StringComparison.Ordinal);
    }

    private static async Task<string?> GuessAsync(string loss, string word)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync($"/v1/losses/{loss}", $$"""{"{{word}}":[1]}""");
        JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return (string?)problem["errors"]!.AsArray().Single(one => (string?)one!["pointer"] == $"/{word}")!["expected"];
    }
}
