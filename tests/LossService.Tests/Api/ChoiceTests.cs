using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What is told to a caller who gives a parameter wrongly: exactly what this loss takes, and his own value.</summary>
public sealed class ChoiceTests
{
    public static TheoryData<string> Losses => [.. Catalogue.All.Select(loss => loss.Card.Name)];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Choice_WithAWordOfNone_ListsExactlyTheWordsThatThisLossTakes(string loss)
    {
        LossCard card = Catalogue.Find(loss)!.Card;
        Parameter[] choices = [.. card.Parameters.Concat(Common.Parameters).Where(one => one.Kind == ParameterKind.Choice)];
        IReadOnlyDictionary<string, JsonNode> told = await ErrorsAsync(loss, choices.Select(one => (one, "nonsense")));
        var taken = choices.ToDictionary(one => one.Name, _ => new List<string>());
        for (int place = 0; place < choices.Max(one => one.Words.Count); place++)
        {
            Parameter[] some = [.. choices.Where(one => place < one.Words.Count)];
            IReadOnlyDictionary<string, JsonNode> errors = await ErrorsAsync(loss, some.Select(one => (one, one.Words[place])));
            foreach (Parameter parameter in some)
            {
                // A word may be refused beside another one; then the error does not begin with what the loss takes.
                bool isRefused = errors.TryGetValue(parameter.Name, out JsonNode? error)
                    && ((string)error["detail"]!).StartsWith($"{loss} takes", StringComparison.Ordinal);
                taken[parameter.Name].AddRange(isRefused ? [] : [parameter.Words[place]]);
            }
        }

        foreach (Parameter parameter in choices)
        {
            string[] words = [.. taken[parameter.Name]];
            string listed = words.Length == 0 ? $"no {parameter.Name}"
                : (words.Length == 1 ? words[0] : $"{string.Join(", ", words[..^1])} or {words[^1]}") + (parameter.Nullable ? ", or null" : "");
            Assert.Equal(listed, (string?)told[parameter.Name]["expected"]);
            Assert.Equal("nonsense", (string?)told[parameter.Name]["found"]);
            Assert.Equal($"expected {listed}, found nonsense", (string?)told[parameter.Name]["detail"]);
        }
    }

    [Theory]
    [InlineData("\"reduction\":\"batchmean\"", "mean, sum or none", "batchmean")]
    [InlineData("\"reduction\":7", "mean, sum or none", "a number")]
    [InlineData("\"hessian\":\"upper_bound\"", "none, diagonal, xgboost or lightgbm", "upper_bound")]
    [InlineData("\"return_items\":\"yes\"", "true or false", "a string")]
    [InlineData("\"seed\":1.5", "an integer up to 2^53", "1.5")]
    [InlineData("\"loss_weight\":1e400", "a float64", "1e400")]
    [InlineData("\"loss_weight\":\"-Infinity\"", "a finite number", "-Infinity")]
    [InlineData("\"loss_weight\":\"1\"", "a number", "a string")]
    public async Task Parameter_OfAWrongValue_IsToldWhatIsTakenAndWhatStoodThere(string member, string expected, string found)
    {
        JsonNode error = await ErrorAsync("mse_loss", member);
        Assert.Equal((expected, found), ((string?)error["expected"], (string?)error["found"]));
    }

    [Fact]
    public async Task Parameter_OfALongWord_IsCut()
    {
        string found = (string)(await ErrorAsync("mse_loss", $"\"reduction\":\"{new string('x', 63)}\U0001F600tail\""))["found"]!;
        Assert.Equal(new string('x', 63) + "…", found);
    }

    private static async Task<JsonNode> ErrorAsync(string loss, string member)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            $"/v1/losses/{loss}", $$"""{"predictions":[1],"targets":[1],{{member}}}""");
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errors"]!.AsArray().Single()!;
    }

    private static async Task<IReadOnlyDictionary<string, JsonNode>> ErrorsAsync(string loss, IEnumerable<(Parameter Parameter, string Word)> given)
    {
        string members = string.Join(',', given.Select(one => $"\"{one.Parameter.Name}\":\"{one.Word}\""));
        using HttpResponseMessage answer = await Service.In("Production").PostAsync($"/v1/losses/{loss}", $"{{{members}}}");
        var errors = new Dictionary<string, JsonNode>();
        foreach (JsonNode? error in JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errors"]!.AsArray())
        {
            errors.TryAdd(((string)error!["pointer"]!)[1..], error);
        }

        return errors;
    }
}
