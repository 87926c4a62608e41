using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What the service says about its losses and itself.</summary>
public sealed class CatalogueTests
{
    public static TheoryData<string> Environments => Service.Environments;

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task List_Everything_HasEveryLossInOrder(string environment)
    {
        JsonNode list = await Service.In(environment).ReadAsync("/v1/losses");
        string[] names = [.. list["losses"]!.AsArray().Select(entry => (string)entry!["name"]!)];
        Assert.Equal(Catalogue.All.Concat(FakeLoss.All).Select(loss => loss.Card.Name), names);
        Assert.Equal(names.Length, (int?)list["count"]);
    }

    [Theory]
    [InlineData("?family=fake", 5)]
    [InlineData("?family=FAKE&q=strict", 1)]
    [InlineData("?q=FAKE_ALIAS", 1)]
    [InlineData("?q=fake-strict", 1)]
    [InlineData("?q=fake strict", 1)]
    [InlineData("?q=stands in for", 5)]
    [InlineData("?family=nope", 0)]
    public async Task List_Filtered_HasOnlyThose(string query, int count)
    {
        JsonNode list = await Service.In("Production").ReadAsync($"/v1/losses{query}");
        Assert.Equal(count, list["losses"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("bce", "/v1/losses/binary_cross_entropy")]
    [InlineData("BCE", "/v1/losses/binary_cross_entropy")]
    [InlineData("binary_cross_entropy", null)]
    [InlineData("nope", null)]
    public async Task Card_ByAnAlias_SaysWhereItIs(string name, string? path)
    {
        using HttpClient client = Service.In("Production").CreateClient();
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using var request = new HttpRequestMessage(method, $"/v1/losses/{name}");
            using HttpResponseMessage answer = await client.SendAsync(request);
            Assert.Equal(path, answer.Content.Headers.ContentLocation?.OriginalString);
        }
    }

    // Labels that only tell samples apart are kept in 32 bits: their cards say how large they may be.
    [Fact]
    public async Task Labels_OfAnyIntegers_SayTheirRange()
    {
        foreach (LossCard card in Catalogue.All.Select(loss => loss.Card).Where(card => card.Inputs.Any(IsIdentity)))
        {
            Input input = card.Inputs.First(IsIdentity);
            JsonNode page = await Service.In("Production").ReadAsync($"/v1/losses/{card.Name}");
            string meaning = (string)page["inputs"]!.AsArray().Single(one => (string?)one!["name"] == input.Name)!["meaning"]!;
            Assert.Contains($"from {input.Domain.Min} to {input.Domain.Max}", meaning, StringComparison.Ordinal);
        }

        static bool IsIdentity(Input input) => input.Domain == Domain.Identity;
    }

    [Fact]
    public async Task Page_WithItsETag_IsNotSentAgain()
    {
        using HttpClient client = Service.In("Production").CreateClient();
        string card = $"/v1/losses/{Catalogue.All[0].Card.Name}";
        foreach (string path in (string[])["/v1/losses", "/v1/losses?q=loss", card, "/v1/info", "/openapi/v1.json", "/problems/timeout"])
        {
            using HttpResponseMessage first = await client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.NotNull(first.Headers.ETag);
            Assert.True(first.Headers.CacheControl?.NoCache); // kept, but asked for again each time
            foreach (string known in (string[])[first.Headers.ETag.ToString(), "W/" + first.Headers.ETag, "*", $"\"x\", {first.Headers.ETag}"])
            {
                using var again = new HttpRequestMessage(HttpMethod.Get, path);
                again.Headers.TryAddWithoutValidation("If-None-Match", known);
                using HttpResponseMessage answer = await client.SendAsync(again);
                Assert.Equal(304, (int)answer.StatusCode);
                Assert.Equal(first.Headers.ETag, answer.Headers.ETag); // RFC 9110, 15.4.5
                Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
            }

            using var other = new HttpRequestMessage(HttpMethod.Get, path);
            other.Headers.TryAddWithoutValidation("If-None-Match", "\"other\"");
            using HttpResponseMessage full = await client.SendAsync(other);
            Assert.Equal(200, (int)full.StatusCode);

            using var head = new HttpRequestMessage(HttpMethod.Head, path);
            using HttpResponseMessage looked = await client.SendAsync(head);
            Assert.Equal(200, (int)looked.StatusCode);
            Assert.Equal(first.Headers.ETag, looked.Headers.ETag);
            Assert.Empty(await looked.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task Card_OfEveryLoss_SaysAllThatIsOnIt()
    {
        Service service = Service.In("Production");
        foreach (Loss loss in Catalogue.All)
        {
            LossCard card = loss.Card;
            JsonNode page = await service.ReadAsync($"/v1/losses/{card.Name}");
            Assert.Equal(card.Name, (string?)page["name"]);
            Assert.Equal(card.Formula, (string?)page["formula"]);
            Assert.Equal(card.Inputs.Select(input => input.Name), page["inputs"]!.AsArray().Select(one => (string)one!["name"]!));
            Assert.Equal(
                card.Parameters.Select(parameter => parameter.Name),
                page["parameters"]!.AsArray().Select(one => (string)one!["name"]!));
            Assert.Equal(card.References.Count, page["references"]!.AsArray().Count);
            Assert.Equal(card.Presets.Count, page["presets"]!.AsArray().Count);
            Assert.NotEmpty(page["examples"]!.AsArray());
            foreach (string name in (string[])[.. card.Aliases, card.Name.ToUpperInvariant()])
            {
                JsonNode same = await service.ReadAsync($"/v1/losses/{name}");
                Assert.Equal(page.ToJsonString(), same.ToJsonString());
            }
        }
    }

    [Fact]
    public async Task Card_Examples_CarryTheAnswersOfTheService()
    {
        Service service = Service.In("Development");
        foreach (Loss loss in Catalogue.All)
        {
            JsonNode page = await service.ReadAsync($"/v1/losses/{loss.Card.Name}");
            foreach (JsonNode? example in page["examples"]!.AsArray())
            {
                using HttpResponseMessage answer =
                    await service.PostAsync($"/v1/losses/{loss.Card.Name}", example!["request"]!.ToJsonString());
                Assert.Equal(200, (int)answer.StatusCode);
                JsonNode expected = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
                Assert.Equal(expected.ToJsonString(), example["answer"]!.ToJsonString());
            }
        }
    }

    [Fact]
    public async Task Card_CommonMembers_AreOnlyThoseItTakes()
    {
        JsonNode page = await Service.In("Production").ReadAsync("/v1/losses/fake_strict");
        string[] names = [.. page["common_parameters"]!.AsArray().Select(one => (string)one!["name"]!)];
        Assert.DoesNotContain("hessian", names);
        Assert.DoesNotContain("preset", names);
        Assert.DoesNotContain("target_type", names);
        Assert.DoesNotContain("weight_normalization", names);
        JsonNode reduction = page["common_parameters"]!.AsArray().Single(one => (string?)one!["name"] == "reduction")!;
        Assert.Equal(["mean", "sum", "none"], reduction["choices"]!.AsArray().Select(one => (string)one!));
        Assert.Equal("mean", (string?)reduction["default"]);
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Info_Limits_HaveValueUnitAndReason(string environment)
    {
        JsonNode info = await Service.In(environment).ReadAsync("/v1/info");
        Assert.Equal("0.1.0", (string?)info["version"]);
        Assert.Equal(["float32", "float64"], info["dtypes"]!.AsArray().Select(one => (string)one!));
        Assert.Equal(["application/json", "application/vnd.safetensors"], info["formats"]!.AsArray().Select(one => (string)one!));
        Assert.Equal(Catalogue.All.Count + FakeLoss.All.Count, (int?)info["losses"]);
        JsonArray limits = info["limits"]!.AsArray();
        Assert.All(limits, limit => Assert.False(string.IsNullOrEmpty((string?)limit!["unit"])));
        Assert.All(limits, limit => Assert.False(string.IsNullOrEmpty((string?)limit!["reason"])));
        Dictionary<string, long> values = limits.ToDictionary(limit => (string)limit!["name"]!, limit => (long)limit!["value"]!);
        Assert.Equal(1 << 24, values["elements"]);
        Assert.Equal(256L << 20, values["body"]);
        Assert.Equal(16, values["depth"]);
        Assert.Equal(8, values["rank"]);
        Assert.Equal(1100, values["literal"]);
    }
}
