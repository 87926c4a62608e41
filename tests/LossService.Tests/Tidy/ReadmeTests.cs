using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Engine;
using Microsoft.AspNetCore.Mvc.Testing;
using Xunit;

namespace LossService.Tests.Tidy;

/// <summary>README.md is true: its commands name what exists, its requests get the answers it shows, its table is the
/// catalogue.</summary>
public sealed partial class ReadmeTests(WebApplicationFactory<Program> service) : IClassFixture<WebApplicationFactory<Program>>
{
    private const string TableStart = "<!-- losses -->\n";
    private const string TableEnd = "<!-- /losses -->";

    private static readonly string Readme = House.Read("README.md");

    [Fact]
    public void Readme_Length_IsAtMost150Lines() => Assert.InRange(Readme.Split('\n').Length - 1, 1, 150);

    [Fact]
    public void Readme_Commands_NameWhatExists()
    {
        string[] commands = [.. Markdown.Blocks(Readme).Where(block => block.Language == "sh").Select(block => block.Text.Trim())];
        Assert.Equal("dotnet run --project src/LossService.Api", commands[0]);
        Assert.True(File.Exists(House.PathOf("src/LossService.Api/LossService.Api.csproj")));
        Assert.Equal("dotnet test", commands[1]);
        Assert.True(File.Exists(House.PathOf("LossService.sln")));
        Assert.All(commands[2..], command => Assert.StartsWith("curl ", command, StringComparison.Ordinal));
        Assert.Contains(
            "private const string Default = \"http://localhost:5080\";", House.Read("src/LossService.Api/Addresses.cs"), StringComparison.Ordinal);
        Assert.Contains("http://localhost:5080/swagger", Readme, StringComparison.Ordinal);
    }

    [Fact]
    public void CiRun_Tests_WithTheCommandOfTheReadme()
    {
        string[] lines = House.Read(".ci/run").Split('\n');
        Assert.Contains(lines, line => line.StartsWith("tests all ", StringComparison.Ordinal) && line.EndsWith(" dotnet test", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Readme_Requests_AnswerAsShown()
    {
        IReadOnlyList<(string Language, string Text)> blocks = Markdown.Blocks(Readme);
        int requests = 0;
        for (int i = 0; i < blocks.Count; i++)
        {
            if (blocks[i].Language != "sh" || Curl().Match(blocks[i].Text) is not { Success: true } curl)
            {
                continue;
            }

            requests++;
            Assert.Equal("json", blocks[i + 1].Language);
            using var body = new StringContent(curl.Groups[2].Value, Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await service.CreateClient().PostAsync(new Uri(curl.Groups[1].Value, UriKind.Relative), body);
            Assert.Equal(Normal(blocks[i + 1].Text), Normal(await answer.Content.ReadAsStringAsync()));
        }

        Assert.Equal(3, requests);
        Assert.Equal(requests, Markdown.Blocks(Readme).Count(block => block.Text.Contains("curl", StringComparison.Ordinal)));
    }

    /// <summary>Set LOSSSERVICE_UPDATE_GOLDEN=1 to write the table.</summary>
    [Fact]
    public void Readme_Losses_AreTheCatalogue()
    {
        int start = Readme.IndexOf(TableStart, StringComparison.Ordinal) + TableStart.Length;
        int end = Readme.IndexOf(TableEnd, StringComparison.Ordinal);
        Assert.True(start >= TableStart.Length && end >= start, "README.md lacks the markers of its table.");
        string table = Table();
        if (Environment.GetEnvironmentVariable("LOSSSERVICE_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(House.PathOf("README.md"), Readme[..start] + table + Readme[end..]);
            return;
        }

        Assert.Equal(table, Readme[start..end]);
    }

    // The exceptions from PyTorch in the order of the table; the preset takes the first five back.
    [Theory]
    [InlineData("mse_loss", """ "predictions":[],"targets":[] """, "loss", "0.0", "\"NaN\"")]
    [InlineData("margin_ranking_loss", """ "input1":[1],"input2":[1],"targets":[1] """, "gradients", """{"input1":[-0.0],"input2":[0.0]}""",
        """{"input1":[-1.0],"input2":[1.0]}""")]
    [InlineData("triplet_margin_loss",
        """ "anchor":[[1,2]],"positive":[[1,2]],"negative":[[1.5,2]],"gradients":["positive"] """, "gradients",
        """{"positive":[[0.0,0.0]]}""", """{"positive":[[-0.70710677,-0.70710677]]}""")]
    [InlineData("kl_divergence", """ "p":[[0.5,0.5]],"q":[[0.25,0.75]],"dtype":"float64" """, "loss", "0.14384103622589045",
        "0.07192051811294523")]
    [InlineData("ctc_loss", """ "log_probabilities":[[[-0.5,-1]]],"targets":[[1]],"dtype":"float64" """, "gradients",
        """{"log_probabilities":[[[0.0,-1.0]]]}""", """{"log_probabilities":[[[0.6065306597126334,-0.6321205588285577]]]}""")]
    [InlineData("binary_cross_entropy_with_logits", """ "logits":["Infinity"],"targets":[1] """, "loss", "0.0", "0.0")]
    [InlineData("mse_loss", """ "predictions":[[1],[2]],"targets":[1,2] """, "status", "422", "422")]
    public async Task Exception_FromPyTorch_IsAsTheTableSays(string loss, string body, string member, string here, string pytorch)
    {
        foreach ((string preset, string expected) in ((string, string)[])[("null", here), ("\"pytorch\"", pytorch)])
        {
            using var content = new StringContent($"{{\"preset\":{preset},{body}}}", Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await service.CreateClient().PostAsync(new Uri($"/v1/losses/{loss}", UriKind.Relative), content);
            JsonNode shown = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            Assert.Equal(expected, shown[member]?.ToJsonString());
        }
    }

    private static string Table()
    {
        // A line a family: a line a loss would be longer than a README may be, and GET /v1/losses says what each does.
        var table = new StringBuilder("| family | losses |\n|---|---|\n");
        foreach (IGrouping<string, Loss> family in Catalogue.All.GroupBy(loss => loss.Card.Family))
        {
            table.Append("| ").Append(family.Key).Append(" | ")
                .AppendJoin(", ", family.Select(loss => $"`{loss.Card.Name}`")).Append(" |\n");
        }

        return table.ToString();
    }

    // The same members, the same digits; only white space and the trace may differ.
    private static string Normal(string json)
    {
        JsonNode node = JsonNode.Parse(json)!;
        if (node["trace_id"] is not null)
        {
            node["trace_id"] = "…";
        }

        return node.ToJsonString();
    }

    [GeneratedRegex(@"^curl http://localhost:5080(/\S+) --json '\s*(\{.*\})'\s*$", RegexOptions.Singleline)]
    private static partial Regex Curl();
}
