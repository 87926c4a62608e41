using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Xunit;

namespace LossService.Tests.Faults;

/// <summary>The fault loop over every other kind of endpoint, and over the losses once more with all that stands before
/// them: pages, documents, probes, problems, and paths that lead nowhere.</summary>
public sealed class EndpointFaultTests : IAsyncLifetime
{
    private const string Mse = """{"predictions":[1,2,4],"targets":[1,1,1]}""";

    // Enough to have an alias and several examples; the document of all losses says nothing more.
    private static readonly Loss[] Losses =
        [.. Catalogue.All.Where(loss => loss.Card.Name is "mse_loss" or "cross_entropy" or "ranknet_loss")];

    private static readonly (string Method, string Path, int Status, int Moments)[] Asked =
    [
        ("GET", "/", 302, 0),
        ("GET", "/v1/losses", 200, 2),
        ("GET", "/v1/losses?q=mse", 200, 2),
        ("GET", "/v1/losses/mse_loss", 200, 2),
        ("GET", "/v1/losses/mse", 200, 2),
        ("GET", "/v1/losses/nothing", 404, 2),
        ("HEAD", "/v1/losses", 200, 0),
        ("HEAD", "/v1/losses/mse_loss", 200, 0),
        ("HEAD", "/v1/info", 200, 0),
        ("HEAD", "/problems/timeout", 200, 0),
        ("HEAD", "/openapi/v1.json", 200, 0),
        ("HEAD", "/openapi31/v1.json", 200, 0),
        ("GET", "/v1/info", 200, 2),
        ("GET", "/problems/timeout", 200, 2),
        ("GET", "/problems/nothing", 404, 2),
        ("GET", "/health/live", 200, 2),
        ("GET", "/health/ready", 200, 2),
        ("GET", "/openapi/v1.json", 200, 2),
        ("GET", "/openapi31/v1.json", 200, 2),
        ("GET", "/swagger/index.html", 200, 2),
        ("GET", "/nothing", 404, 2),
        ("DELETE", "/v1/info", 405, 2),
        ("POST", "/v1/losses/mse_loss", 200, 8),
        ("POST", "/v1/losses/mse", 200, 8),
        ("POST", "/v1/losses/cross_entropy", 422, 5),
        ("POST", "/v1/losses/nothing", 404, 2),
    ];

    private Whole _whole = null!;

    public async Task InitializeAsync()
    {
        _whole = await Whole.StartAsync(Losses);
        while ((await _whole.SendAsync(Call.To("GET", "/health/ready"))).Status != 200)
        {
            await Task.Delay(10);
        }
    }

    public async Task DisposeAsync() => await _whole.DisposeAsync();

    [Fact]
    public async Task Endpoint_OfAnyKindStruckAtAnyMoment_LeavesNothingBehind()
    {
        foreach ((string method, string path, int status, int moments) in Asked)
        {
            var loop = new FaultLoop(_whole, new Dictionary<string, WatchedLoss>());
            Call call = Call.To(method, path) with { Body = method == "POST" ? Call.Of("", Mse).Body : [] };
            Reply sound = await _whole.SendAsync(call);
            Assert.True(sound.Status == status, $"{method} {path}: {sound.Status} {sound.Text} {_whole.LastError}");
            List<string> findings = await loop.RunAsync(call);
            Assert.True(findings.Count == 0, string.Join('\n', findings));
            Assert.True(loop.Struck >= moments, $"{method} {path}: only {loop.Struck} moments");
        }
    }

    [Fact]
    public async Task Body_PackedAndStruckAtAnyMoment_LeavesNothingBehind()
    {
        var loop = new FaultLoop(_whole, new Dictionary<string, WatchedLoss>());
        Call call = Call.To("POST", "/v1/losses/mse_loss") with
        {
            Body = Packing.Of("gzip", Call.Of("", Mse).Body),
            ContentEncoding = "gzip",
            PieceBytes = 16,
        };
        Reply sound = await _whole.SendAsync(call);
        Assert.True(sound.Status == 200, $"{sound.Status} {sound.Text} {_whole.LastError}");
        List<string> findings = await loop.RunAsync(call);
        Assert.True(findings.Count == 0, string.Join('\n', findings));
        Assert.True(loop.Struck >= 10, $"only {loop.Struck} moments");
    }

    [Fact]
    public void Endpoint_OfEveryRoute_IsAmongThem()
    {
        Assert.True(_whole.Routes.Count() > 15);
        foreach ((string method, string pattern) in _whole.Routes)
        {
            bool isLoss = method == "POST" && !pattern.Contains('{', StringComparison.Ordinal); // one is like another
            var matcher = new TemplateMatcher(TemplateParser.Parse(pattern), []);
            Assert.True(
                isLoss || Asked.Any(asked => asked.Method == method && matcher.TryMatch(asked.Path.Split('?')[0], [])),
                $"nobody breaks {method} {pattern}");
        }
    }

    // What shows answers of the service asks itself for them when it is first read.
    [Theory]
    [InlineData("/v1/losses/cross_entropy")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/openapi31/v1.json")]
    public async Task Page_OfAnswersWithoutItsNthBuffer_IsNotKept(string path)
    {
        await using Whole other = await Whole.StartAsync(Losses);
        Reply sound = await other.SendAsync(Call.To("GET", path));
        int struck = 0;
        for (int allowed = 0; ; allowed++)
        {
            int left = allowed;
            int errors = _whole.Errors;
            _whole.BeforeRent = bytes =>
            {
                if (Interlocked.Decrement(ref left) == -1)
                {
                    throw new PoolExhaustedException(bytes);
                }
            };
            Reply reply = await _whole.SendAsync(Call.To("GET", path));
            _whole.BeforeRent = null;
            Assert.Equal((200, 0L, errors), (reply.Status, _whole.Pool.Leases, _whole.Errors));
            Assert.NotNull(JsonNode.Parse(reply.Text));
            Assert.DoesNotContain("hold all the memory", reply.Text, StringComparison.Ordinal); // the refusal, shown as an answer
            if (left >= 0)
            {
                Assert.Equal(sound.Text, reply.Text);
                break;
            }

            Assert.NotEqual(sound.Text, reply.Text);
            struck++;
        }

        Assert.True(struck > 5, $"only {struck} buffers");
    }

    // The control: what fails behind the passage, and only sometimes, is found by the same loop.
    [Theory]
    [InlineData("leak", "stay out")]
    [InlineData("half", "answered")]
    public async Task Loop_OverAnEndpointWithABug_FindsIt(string bug, string finding)
    {
        var planted = new PlantedTarget(_whole, bug);
        List<string> findings = await new FaultLoop(planted, new Dictionary<string, WatchedLoss>()).RunAsync(Call.To("GET", "/v1/info"), [Fault.Flush]);
        Assert.Contains(findings, one => one.Contains(finding, StringComparison.Ordinal));
    }

    /// <summary>An endpoint that forgets a buffer where its answer fails, or sends what it has of it as if it were all.</summary>
    private sealed class PlantedTarget(ITarget sound, string bug) : ITarget
    {
        public TensorPool Pool => sound.Pool;

        public int Errors => sound.Errors;

        public Action<int>? BeforeRent { get => sound.BeforeRent; set => sound.BeforeRent = value; }

        public async Task<Reply> SendAsync(Call call)
        {
            Reply reply = await sound.SendAsync(call);
            if (reply.Status == 200)
            {
                return reply;
            }

            if (bug == "leak")
            {
                Pool.Rent(100);
                return reply;
            }

            return reply with { Status = 200, Body = "{\"half\":"u8.ToArray(), Aborted = false };
        }
    }
}
