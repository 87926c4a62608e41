using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Api;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Tests.Faults;
using LossService.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What callers send stays between them and their answer: canaries in every part of a request turn up in no log, no
/// metric, no trace and no problem.</summary>
public sealed partial class CanaryTests
{
    private const string Word = "Canary4f8Word";
    private const string Number = "7.0393114"; // times 1e-27, which nothing computes by chance
    private const string Label = "73194625";

    private const int ErrorsMin = 100_000;

    // A caller's own parameter may stand in his own problem, by contract; nowhere else.
    private const string Told = "parameter";

    private static readonly HashSet<string> ParameterCodes =
        [Codes.ParameterOutOfRange, Codes.OptionConflict, Codes.DtypeUnsupported, Codes.GradientNotAvailable];

    private static readonly string[] Canaries = [Word, Number, Label];
    private static readonly byte[] NumberBytes = Encoding.ASCII.GetBytes(Number);
    private static readonly Meter Planted = new("canary");
    private static readonly Counter<int> PlantedCounter = Planted.CreateCounter<int>("planted");

    // Where a canary stands, and the request that carries it: query, header, body.
    private static readonly (string Place, string Query, string Header, string Body)[] Requests =
    [
        ("tensor", "", "", $$"""{"predictions":[{{Number}}e-27,1],"targets":[{{Number}}e-27,1]}"""),
        ("tensor of a wrong shape", "", "", $$"""{"predictions":[{{Number}}e-27,1],"targets":[{{Number}}e-27]}"""),
        ("tensor that is too large a number", "", "", $$"""{"predictions":[{{Number}}e99,1],"targets":[1,1]}"""),
        ("tensor that is a text", "", "", $$"""{"predictions":["{{Word}}",1],"targets":[1,1]}"""),
        ("tensor that is ragged", "", "", $$"""{"predictions":[[{{Number}}e-27,1],[{{Number}}e-27]],"targets":[1,1]}"""),
        ("base64", "", "", $$"""{"predictions":{"shape":[1],"base64":"{{Word}}"},"targets":[1]}"""),
        ("shape", "", "", $$"""{"predictions":{"shape":[{{Label}}],"data":[1]},"targets":[1]}"""),
        ("name of a member", "", "", $$"""{"predictions":[1],"targets":[1],"{{Word}}":1}"""),
        ("name of a member twice", "", "", $$"""{"{{Word}}":1,"{{Word}}":1}"""),
        ("parameter that is a number", "", "", $$"""{"predictions":[1],"targets":[1],"loss_weight":{{Label}}}"""),
        ("parameter that is a word", "", "", $$"""{"predictions":[1],"targets":[1],"reduction":"{{Word}}"}"""),
        ("parameter that is a list of names", "", "", $$"""{"predictions":[1],"targets":[1],"gradients":["{{Word}}"]}"""),
        ("broken JSON", "", "", $$"""{"predictions":[{{Number}}e-27,{{Word}}"""),
        ("no JSON", "", "", Word),
        ("name in the query", $"?{Word}=1", "", """{"predictions":[1],"targets":[1]}"""),
        ("parameter in the query", $"?loss_weight={Label}&reduction={Word}", "", """{"predictions":[1],"targets":[1]}"""),
        ("media type", "", "Content-Type", """{"predictions":[1],"targets":[1]}"""),
        ("accepted media type", "", "Accept", """{"predictions":[1],"targets":[1]}"""),
        ("encoding", "", "Content-Encoding", """{"predictions":[1],"targets":[1]}"""),
        ("key", "", "Authorization", """{"predictions":[1],"targets":[1]}"""),
        ("cookie", "", "Cookie", """{"predictions":[1],"targets":[1]}"""),
        ("agent", "", "User-Agent", """{"predictions":[1],"targets":[1]}"""),
        ("trace state", "", "tracestate", """{"predictions":[1],"targets":[1]}"""),
        ("deadline", "", "X-Timeout-Ms", """{"predictions":[1],"targets":[1]}"""),
        ("baggage", "", "baggage", """{"predictions":[1],"targets":[1]}"""),
    ];

    // Pages, found and not found, by names and filters that the caller chooses.
    private static readonly string[] Paths =
    [
        $"/v1/losses/{Word}", $"/v1/losses/{Word}?{Word}={Label}", $"/v1/losses?family={Word}&q={Label}", $"/v1/losses/mse_loss?{Word}={Label}",
        $"/problems/{Word}", $"/problems/timeout?{Word}", $"/v1/info?{Word}", $"/health/live?{Word}", $"/openapi/v1.json?{Word}", $"/swagger/index.html?{Word}",
    ];

    // One that computes, one that meets a bug, one that finds no memory, one that answers infinity, one that is none.
    private static readonly string[] Losses = ["mse_loss", "fake_broken", "fake_greedy", "fake_endless", "mse_los"];

    // Where they arrive, and on the compute threads, whose admission has metrics of its own.
    [Theory]
    [InlineData("16384")]
    [InlineData("0")]
    public async Task Canaries_InEveryPartOfARequest_TurnUpNowhere(string inlineSteps)
    {
        await using var service = new Service("Production", ("Limits:InlineStepsMax", inlineSteps));
        using var surfaces = new Surfaces(service);
        IReadOnlyList<string> problems = await SendAllAsync(service);
        surfaces.Ask();
        Assert.True(surfaces.HasHeard(AdmissionMetrics.Refused));
        Assert.True(surfaces.HasHeard(AdmissionMetrics.Queued));
        Assert.True(inlineSteps != "0" || surfaces.HasHeard(AdmissionMetrics.QueueTime)); // warm-up makes itself heard, too
        Assert.Empty(surfaces.Finds(Canaries, problems));
        Assert.True(problems.Count > Requests.Length);
        Assert.All(surfaces.Sizes, size => Assert.True(size.Value >= Requests.Length * Losses.Length, $"{size}"));
    }

    // Mutants of every loss's example whose float numbers are a canary: what else there is to be told of a body.
    [Fact]
    public async Task Canaries_InAHundredThousandErrors_TurnUpNowhere()
    {
        await using var service = new Service("Production", [.. Faults.Fuzz.Limits.Select(limit => ($"Limits:{limit.Name}", limit.Value))]);
        using var surfaces = new Surfaces(service);
        using HttpClient client = service.CreateClient();
        Call[] seeds = [.. Catalogue.All.SelectMany(loss => loss.Card.Examples.Select(example => WithCanaries(loss.Card.Name, example.Body)))];
        var mutator = new Mutator(1);
        var random = new Random(1);
        var codes = new HashSet<string>();
        var telling = new List<string>();
        for (int errors = 0; errors < ErrorsMin;)
        {
            Call call = mutator.Mutate(seeds[random.Next(seeds.Length)], seeds[random.Next(seeds.Length)]);
            if (call.Body.AsSpan().IndexOf(NumberBytes) < 0)
            {
                continue;
            }

            using var body = new ByteArrayContent(call.Body);
            body.Headers.TryAddWithoutValidation("Content-Type", call.ContentType);
            using HttpResponseMessage answer = await client.PostAsync(new Uri(call.Path, UriKind.Relative), body);
            if (answer.IsSuccessStatusCode)
            {
                continue;
            }

            errors++;
            string problem = await answer.Content.ReadAsStringAsync();
            codes.Add((string)JsonNode.Parse(problem)!["code"]!);
            if (problem.Contains(Number, StringComparison.Ordinal))
            {
                telling.Add(WithoutParameters(problem));
            }
        }

        surfaces.Ask();
        Assert.Empty(surfaces.Finds(Canaries, telling));
        Assert.True(codes.Count > 12, string.Join(' ', codes));
        Assert.All(surfaces.Sizes, size => Assert.True(size.Value >= ErrorsMin, $"{size}"));
    }

    [Theory]
    [InlineData("log")]
    [InlineData("log of bodies")]
    [InlineData("metric")]
    [InlineData("trace")]
    [InlineData("problem")]
    public async Task Canaries_OfAServiceThatTellsThem_AreFound(string surface)
    {
        await using var service = new Service("Production")
        {
            Also = services => services.AddSingleton<IStartupFilter>(new Telltale(surface)),
        };
        using var surfaces = new Surfaces(service);
        IReadOnlyList<string> problems = await SendAllAsync(service);
        IReadOnlyList<string> found = surfaces.Finds(Canaries, problems);
        Assert.NotEmpty(found);
        Assert.All(found, one => Assert.StartsWith(surface.Split(' ')[0], one, StringComparison.Ordinal));
    }

    private static Call WithCanaries(string loss, string example) => Call.Of(loss, Floats().Replace(example, $"{Number}e-27"));

    // A canary that came to stand in a parameter's place may be told its caller, in the words of that mistake.
    private static string WithoutParameters(string problem)
    {
        JsonNode node = JsonNode.Parse(problem)!;
        JsonArray errors = node["errors"]?.AsArray() ?? [];
        if (errors.RemoveAll(error => ParameterCodes.Contains((string)error!["code"]!)) > 0)
        {
            node["detail"] = ""; // repeats one of them, or counts them
        }

        return node.ToJsonString();
    }

    private static async Task<IReadOnlyList<string>> SendAllAsync(Service service)
    {
        var problems = new List<string>();
        var statuses = new HashSet<int>();
        using HttpClient client = service.CreateClient();
        foreach (string loss in Losses)
        {
            foreach ((string place, string query, string header, string body) in Requests)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/v1/losses/{loss}{query}", UriKind.Relative));
                // Those that misbehave take no targets, and would never come to it.
                string own = loss.StartsWith("fake_", StringComparison.Ordinal) ? Targets().Replace(body, "") : body;
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(own));
                string type = header == "Content-Type" ? $"application/{Word}" : "application/json";
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
                if (header.Length > 0 && header != "Content-Type"
                    && !request.Headers.TryAddWithoutValidation(header, $"{Word}/{Label}"))
                {
                    request.Content.Headers.TryAddWithoutValidation(header, Word);
                }

                using HttpResponseMessage answer = await client.SendAsync(request);
                statuses.Add((int)answer.StatusCode);
                if (!answer.IsSuccessStatusCode && !place.StartsWith(Told, StringComparison.Ordinal))
                {
                    problems.Add(await answer.Content.ReadAsStringAsync());
                }
            }
        }

        foreach (string path in Paths)
        {
            using var asking = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            asking.Headers.TryAddWithoutValidation("If-None-Match", $"\"{Word}\"");
            asking.Headers.TryAddWithoutValidation("Accept", path.StartsWith("/v1/info", StringComparison.Ordinal) ? $"text/{Word}" : "*/*");
            using HttpResponseMessage answer = await client.SendAsync(asking);
            if (!answer.IsSuccessStatusCode)
            {
                problems.Add(await answer.Content.ReadAsStringAsync());
            }
        }

        // Every kind of end was met: a canary that is refused at the door proves nothing of what lies behind.
        Assert.Superset(new HashSet<int> { 200, 404, 422, 429, 500 }, statuses);
        using HttpResponseMessage last = await service.GetAsync("/marker");
        await service.Log.OfAsync(node => (string?)node["Route"] == "/marker");
        return problems;
    }

    [GeneratedRegex(@"-?\d+\.\d+(e[+-]?\d+)?")]
    private static partial Regex Floats();

    [GeneratedRegex(""",?"targets":\[[^\]]*\]""")]
    private static partial Regex Targets();

    /// <summary>A planted bug: tells a part of each request on one surface.</summary>
    private sealed partial class Telltale(string surface) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            ILogger<Telltale> log = app.ApplicationServices.GetRequiredService<ILogger<Telltale>>();
            app.Use(async (http, others) =>
            {
                string query = http.Request.QueryString.Value ?? "";
                switch (surface)
                {
                    case "log":
                        LogQuery(log, query);
                        break;
                    case "log of bodies":
                        ReadResult read = await http.Request.BodyReader.ReadAsync();
                        LogQuery(log, Encoding.UTF8.GetString(read.Buffer));
                        http.Request.BodyReader.AdvanceTo(read.Buffer.Start);
                        break;
                    case "metric":
                        PlantedCounter.Add(1, new KeyValuePair<string, object?>("query", query));
                        break;
                    case "trace":
                        Activity.Current?.SetTag("query", query);
                        break;
                    default:
                        if (query.Length > 0)
                        {
                            await ProblemAnswer.WriteAsync(http, Problem.Of(Codes.OptionConflict, query));
                            return;
                        }

                        break;
                }

                await others(http);
            });
            next(app);
        };

        [LoggerMessage(LogLevel.Warning, "{Query}")]
        private static partial void LogQuery(ILogger log, string query);
    }
}
