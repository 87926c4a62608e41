using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>The documents that clients are generated from, and the page that shows them.</summary>
public sealed class OpenApiTests
{
    private const string UpdateVariable = "LOSSSERVICE_UPDATE_GOLDEN";

    public static TheoryData<string> Environments => Service.Environments;

    /// <summary>A difference is a change of the contract: read it like code, then run once with LOSSSERVICE_UPDATE_GOLDEN=1.</summary>
    [Theory]
    [InlineData("/openapi/v1.json", "openapi-v1.json", "3.0")]
    [InlineData("/openapi31/v1.json", "openapi31-v1.json", "3.1")]
    public async Task Document_OfTheCatalogue_IsTheGoldenOne(string path, string file, string version)
    {
        await using var service = new Service("Production")
        {
            Also = services => services.Replace(ServiceDescriptor.Singleton(Catalogue.All)),
        };
        using HttpResponseMessage answer = await service.GetAsync(path);
        string document = await answer.Content.ReadAsStringAsync();
        Assert.StartsWith(version, (string?)JsonNode.Parse(document)!["openapi"], StringComparison.Ordinal);
        string golden = Repository.PathOf("tests", "LossService.Tests", "Golden", file);
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            await File.WriteAllTextAsync(golden, document + "\n");
        }

        string expected = await File.ReadAllTextAsync(golden);
        Assert.True(expected == document + "\n", $"{file} differs; run with {UpdateVariable}=1 and read the diff.");
    }

    [Fact]
    public async Task Document_OfEveryLoss_NamesBothFormats()
    {
        JsonNode document = await Service.In("Production").ReadAsync("/openapi/v1.json");
        foreach (Loss loss in Catalogue.All)
        {
            JsonNode operation = document["paths"]![$"/v1/losses/{loss.Card.Name}"]!["post"]!;
            Assert.NotNull(operation["requestBody"]!["content"]!["application/vnd.safetensors"]);
            Assert.NotNull(operation["responses"]!["200"]!["content"]!["application/vnd.safetensors"]);
        }
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Document_EveryLoss_HasItsOwnOperation(string environment)
    {
        JsonNode document = await Service.In(environment).ReadAsync("/openapi/v1.json");
        foreach (Loss loss in Catalogue.All)
        {
            LossCard card = loss.Card;
            JsonNode operation = document["paths"]![$"/v1/losses/{card.Name}"]!["post"]!;
            Assert.Equal(card.Summary, (string?)operation["summary"]);
            Assert.Contains(card.Formula, (string?)operation["description"], StringComparison.Ordinal);
            Assert.Equal([card.Family], operation["tags"]!.AsArray().Select(tag => (string)tag!));
            JsonNode content = operation["requestBody"]!["content"]!["application/json"]!;
            Assert.Equal(card.Examples.Select(example => example.Name), content["examples"]!.AsObject().Select(pair => pair.Key));
            JsonNode answer = operation["responses"]!["200"]!["content"]!["application/json"]!;
            Assert.All(card.Examples, example => Assert.NotNull(answer["examples"]?[example.Name]?["value"]?["gradients"]));
            JsonNode request = document["components"]!["schemas"]![$"{card.Name}_request"]!;
            Assert.False((bool?)request["additionalProperties"]);
            JsonObject members = request["properties"]!.AsObject();
            Assert.All(card.Inputs, input => Assert.True(members.ContainsKey(input.Name)));
            Assert.All(card.Parameters, parameter => Assert.True(members.ContainsKey(parameter.Name)));
            Assert.All(card.Examples, example => Assert.All(
                JsonNode.Parse(example.Body)!.AsObject(), member => Assert.True(members.ContainsKey(member.Key))));
            Assert.All(card.Aliases, alias => Assert.Null(document["paths"]![$"/v1/losses/{alias}"]));
        }
    }

    [Fact]
    public async Task Document_EveryReference_Leads()
    {
        foreach (string path in (string[])["/openapi/v1.json", "/openapi31/v1.json"])
        {
            JsonNode document = await Service.In("Production").ReadAsync(path);
            foreach (string reference in References(document))
            {
                JsonNode? target = document;
                foreach (string part in reference.Split('/')[1..])
                {
                    target = target?[part];
                }

                Assert.True(target is not null, reference);
            }
        }
    }

    [Fact]
    public async Task Document_EveryPath_IsServed()
    {
        Service service = Service.In("Production");
        JsonNode document = await service.ReadAsync("/openapi/v1.json");
        foreach ((string path, JsonNode? operations) in document["paths"]!.AsObject())
        {
            if (operations!["get"] is null)
            {
                continue;
            }

            string concrete = path.Replace("{loss}", "mse_loss", StringComparison.Ordinal)
                .Replace("{code}", "timeout", StringComparison.Ordinal);
            using HttpResponseMessage answer = await service.GetAsync(concrete);
            Assert.Contains((int)answer.StatusCode, (int[])[200, 503]);
        }
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task SwaggerPage_Opened_LoadsNothingFromElsewhere(string environment)
    {
        Service service = Service.In(environment);
        using HttpResponseMessage page = await service.GetAsync("/swagger/index.html");
        Assert.Equal(200, (int)page.StatusCode);
        string[] policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy")).Split("; ");
        Assert.Contains("default-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy); // nobody lays a page of his own around it
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        string html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("src=\"http", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"http", html, StringComparison.Ordinal);
        using HttpResponseMessage root = await service.GetAsync("/");
        Assert.EndsWith("/swagger/index.html", root.RequestMessage!.RequestUri!.AbsolutePath, StringComparison.Ordinal);
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member =>
            member.Key == "$ref" ? [(string)member.Value!] : References(member.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };
}
