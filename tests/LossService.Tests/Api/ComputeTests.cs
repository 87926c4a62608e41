using System.Text;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Wire.Safetensors;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Requests that succeed, and how they may be written.</summary>
public sealed class ComputeTests
{
    private const string Mse = """{"predictions":[1,2,4],"targets":[1,1,1]}""";

    public static TheoryData<string> Environments => Service.Environments;

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Example_OfEveryCard_Answers200InBothDtypes(string environment)
    {
        Service service = Service.In(environment);
        foreach (Loss loss in Catalogue.All)
        {
            foreach (Example example in loss.Card.Examples)
            {
                foreach (string query in (string[])["", "?dtype=float64"])
                {
                    using HttpResponseMessage answer =
                        await service.PostAsync($"/v1/losses/{loss.Card.Name}{query}", example.Body);
                    string text = await answer.Content.ReadAsStringAsync();
                    Assert.True((int)answer.StatusCode == 200, $"{loss.Card.Name} {example.Name}: {text}");
                    Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
                    Assert.Matches(@"^read;dur=[\d.]+, compute;dur=[\d.]+$", Assert.Single(answer.Headers.GetValues("Server-Timing")));
                    Assert.NotNull(JsonNode.Parse(text)!["gradients"]);
                }
            }
        }

        await service.AssertNothingLeasedAsync();
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Alias_OfEveryCard_AnswersAsItsLoss(string environment)
    {
        Service service = Service.In(environment);
        foreach (Loss loss in Catalogue.All)
        {
            string body = loss.Card.Examples[0].Body;
            using HttpResponseMessage canonical = await service.PostAsync($"/v1/losses/{loss.Card.Name}", body);
            string expected = await canonical.Content.ReadAsStringAsync();
            Assert.Null(canonical.Content.Headers.ContentLocation);
            foreach (string alias in loss.Card.Aliases)
            {
                using HttpResponseMessage answer = await service.PostAsync($"/v1/losses/{alias}", body);
                Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
                Assert.Equal($"/v1/losses/{loss.Card.Name}", answer.Content.Headers.ContentLocation?.OriginalString);
            }
        }
    }

    [Fact]
    public async Task Query_ScalarParameters_CountAsInTheBody()
    {
        JsonNode answer = await PostAsync("/v1/losses/mse_loss?reduction=sum&dtype=float64&loss_weight=0.5&gradients=targets", Mse);
        Assert.Equal(5, (double?)answer["loss"]);
        Assert.Equal("float64", (string?)answer["dtype"]);
        Assert.Null(answer["gradients"]!["predictions"]);
        Assert.Equal([0, -1, -3], answer["gradients"]!["targets"]!.AsArray().Select(one => (double)one!));
        answer = await PostAsync("/v1/losses/mse_loss?return_items=true&avg_factor=null&gradients=", Mse);
        Assert.Equal(3, answer["losses"]!.AsArray().Count);
        Assert.Empty(answer["gradients"]!.AsObject());
        answer = await PostAsync("/v1/losses/mse_loss?reduction=sum", """{"predictions":[1,2,4],"targets":[1,1,1],"reduction":"sum"}""");
        Assert.Equal(10, (double?)answer["loss"]);
    }

    [Theory]
    [InlineData("?redction=sum", "?redction unknown_member", "reduction")]
    [InlineData("?reduction=sum&reduction=sum", "?reduction duplicate_member", null)]
    [InlineData("?reduction=summ", "?reduction parameter_out_of_range", "mean, sum or none")]
    [InlineData("?loss_weight=abc", "?loss_weight parameter_out_of_range", "a finite number")]
    [InlineData("?loss_weight=1e999", "?loss_weight parameter_out_of_range", "a finite number")]
    [InlineData("?loss_weight=", "?loss_weight parameter_out_of_range", "a finite number")]
    [InlineData("?loss_weight=null", "?loss_weight parameter_out_of_range", "a finite number")]
    [InlineData("?avg_factor=0", "?avg_factor parameter_out_of_range", "> 0, or null")]
    [InlineData("?dtype=float16", "?dtype dtype_unsupported", "float32 or float64")]
    [InlineData("?predictions=1", "?predictions unknown_member", null)]
    [InlineData("?gradients=weight", "?gradients/0 gradient_not_available", "predictions or targets")]
    [InlineData("?gradients=nope", "?gradients/0 gradient_not_available", "predictions or targets")]
    [InlineData("?gradients=targets,targets", "?gradients/1 option_conflict", "each input once")]
    public async Task Query_BadParameter_PointsAtIt(string query, string error, string? expected)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync($"/v1/losses/mse_loss{query}", Mse);
        JsonNode problem = await ProblemAssert.IsAsync(
            answer, error.EndsWith("duplicate_member", StringComparison.Ordinal) ? 400 : 422, error.Split(' ')[1]);
        Assert.Equal([error], ProblemAssert.Errors(problem));
        Assert.Equal(expected, (string?)problem["errors"]![0]!["expected"]);
    }

    // A query, a body and a file's metadata differ in where a mistake points, and in nothing else.
    [Fact]
    public async Task Parameters_BadInEveryPlace_AreAllToldInTheSameWords()
    {
        (string Name, string Text)[] bad = [("gradients", "targets,nope,weight,targets"), ("reduction", "summ"), ("dtype", "float16")];
        string query = string.Join('&', bad.Select(one => $"{one.Name}={one.Text}"));
        string json = string.Join(',', bad.Select(one => one.Name == "gradients"
            ? $"\"gradients\":[\"{one.Text.Replace(",", "\",\"")}\"]" : $"\"{one.Name}\":\"{one.Text}\""));
        byte[] file = Safe.File([("predictions", "F32", [1], new byte[4]), ("targets", "F32", [1], new byte[4])], bad);
        using var fromQuery = new StringContent("""{"predictions":[1],"targets":[1]}""", Encoding.UTF8, "application/json");
        using var fromJson = new StringContent($$"""{"predictions":[1],"targets":[1],{{json}}}""", Encoding.UTF8, "application/json");
        using var fromFile = new ByteArrayContent(file);
        fromFile.Headers.ContentType = new("application/vnd.safetensors");
        var told = new List<string>();
        using HttpClient client = Service.In("Production").CreateClient();
        foreach ((string path, HttpContent body) in new (string, HttpContent)[] { ("?" + query, fromQuery), ("", fromJson), ("", fromFile) })
        {
            using HttpResponseMessage answer = await client.PostAsync(new Uri($"/v1/losses/mse_loss{path}", UriKind.Relative), body);
            JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            told.Add(string.Join('\n', problem["errors"]!.AsArray().Select(one =>
                $"{((string)one!["pointer"]!).Replace("/__metadata__", "")[1..]} {one["code"]} {one["detail"]}").Order()));
        }

        Assert.Contains("gradients/3 option_conflict", told[0], StringComparison.Ordinal);
        Assert.Equal(told[0], told[1]);
        Assert.Equal(told[0], told[2]);
    }

    [Fact]
    public async Task Query_OtherValueThanInTheBody_Conflicts()
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/mse_loss?reduction=mean&gradients=targets",
            """{"predictions":[1],"targets":[1],"reduction":"sum","gradients":["predictions"]}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "option_conflict");
        Assert.Equal(["/reduction option_conflict", "/gradients option_conflict"], ProblemAssert.Errors(problem));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task NonFiniteAnswer_AskedAsError_IsAProblem(string environment)
    {
        Service service = Service.In(environment);
        using HttpResponseMessage error = await service.PostAsync("/v1/losses/fake_endless?non_finite=error", """{"predictions":[1]}""");
        await ProblemAssert.IsAsync(error, 422, "non_finite_output");
        using HttpResponseMessage text = await service.PostAsync("/v1/losses/fake_endless", """{"predictions":[1]}""");
        Assert.Equal("Infinity", (string?)JsonNode.Parse(await text.Content.ReadAsStringAsync())!["loss"]);
        using HttpResponseMessage none = await service.PostAsync("/v1/losses/fake_endless?non_finite=null", """{"predictions":[1]}""");
        Assert.StartsWith("""{"loss":null,""", await none.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task EmptyBatch_ByTheEmptyRule_IsZeroNaNOrAProblem(string environment)
    {
        Service service = Service.In(environment);
        const string Nothing = """{"predictions":[],"targets":[]}""";
        JsonNode zero = await PostAsync("/v1/losses/mse_loss", Nothing);
        Assert.Equal(0, (double?)zero["loss"]);
        Assert.NotEmpty(zero["notes"]!.AsArray());
        JsonNode nan = await PostAsync("/v1/losses/mse_loss?empty=nan", Nothing);
        Assert.Equal("NaN", (string?)nan["loss"]);
        using HttpResponseMessage error = await service.PostAsync("/v1/losses/mse_loss?empty=error", Nothing);
        await ProblemAssert.IsAsync(error, 422, "empty_reduction");
    }

    [Fact]
    public async Task SameRequest_Repeated_SameBytes()
    {
        using HttpResponseMessage first = await Service.In("Production").PostAsync("/v1/losses/mse_loss", Mse);
        using HttpResponseMessage again = await Service.In("Development").PostAsync("/v1/losses/mse_loss", Mse);
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(), await again.Content.ReadAsByteArrayAsync());
    }

    private static async Task<JsonNode> PostAsync(string path, string body)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(path, body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 200, text);
        return JsonNode.Parse(text)!;
    }
}
