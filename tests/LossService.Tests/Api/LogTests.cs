using System.Text.Json.Nodes;
using LossService.Api;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>One structured line a request; that nothing of what was sent is in it, the canaries show.</summary>
public sealed class LogTests
{
    public static TheoryData<string> Environments => Service.Environments;

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Line_OfAComputation_DescribesIt(string environment)
    {
        Service service = Service.In(environment);
        using HttpResponseMessage answer = await service.PostAsync(
            "/v1/losses/l2?dtype=float64", """{"predictions":[[1,2,7],[3,4,7]],"targets":[[1,2,7],[3,4,7]],"mask":[true,true]}""");
        Assert.Equal(200, (int)answer.StatusCode);
        JsonNode line = await service.Log.OfAsync(node => (int?)node["Elements"] == 14 && (string?)node["Route"] == "/v1/losses/l2");
        Assert.Equal("mse_loss", (string?)line["Loss"]);
        Assert.Equal("predictions [2, 3], targets [2, 3], mask [2]", (string?)line["Shapes"]);
        Assert.Equal("float64", (string?)line["Dtype"]);
        Assert.Equal("POST", (string?)line["Method"]);
        Assert.Equal(200, (int?)line["Status"]);
        Assert.Equal("ok", (string?)line["Outcome"]);
        Assert.True((double?)line["Milliseconds"] > 0);
        Assert.Null(line["Code"]);
        Assert.Null(line["@l"]);
        Assert.Matches("^[0-9a-f]{32}$", (string?)line["@tr"]);
        Assert.Matches("^[0-9a-f]{16}$", (string?)line["@sp"]);
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Line_OfARefusal_HasCodeAndTraceOfTheProblem(string environment)
    {
        Service service = Service.In(environment);
        using HttpResponseMessage answer = await service.PostAsync("/v1/losses/mse_loss", """{"predictions":[1,2],"targets":[1]}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "shape_mismatch");
        JsonNode line = await service.Log.OfAsync(node => (string?)node["@tr"] == (string?)problem["trace_id"] && node["Status"] is not null);
        Assert.Equal("shape_mismatch", (string?)line["Code"]);
        Assert.Equal("refused", (string?)line["Outcome"]);
        Assert.Equal("mse_loss", (string?)line["Loss"]);
    }

    [Fact]
    public async Task Line_OfABrokenLoss_HasTheExceptionOnceAndTheTrace()
    {
        await using var service = new Service("Production");
        using HttpResponseMessage answer = await service.PostAsync("/v1/losses/fake_broken", """{"predictions":[1]}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 500, "internal_error");
        JsonNode fault = await service.Log.OfAsync(
            node => node["@x"] is not null && (string?)node["@tr"] == (string?)problem["trace_id"]);
        Assert.Equal("Error", (string?)fault["@l"]);
    }

    [Fact]
    public async Task Line_OfAnUnknownPath_IsCutAndHarmless()
    {
        await using var service = new Service("Production");
        using HttpResponseMessage answer = await service.GetAsync("/odd%0D%0A%1B[31mpath%E2%80%A8" + new string('x', 2000));
        await ProblemAssert.IsAsync(answer, 404, "not_found");
        JsonNode line = await service.Log.OfAsync(node => ((string?)node["Route"])?.StartsWith("/odd", StringComparison.Ordinal) == true);
        Assert.Matches("^/odd[?]{3}\\[31mpath[?]x+$", (string?)line["Route"]);
        Assert.Equal(256, ((string?)line["Route"])!.Length);
    }

    [Fact]
    public async Task Log_HealthProbes_AreSilent()
    {
        await using var service = new Service("Production");
        using HttpResponseMessage probe = await service.GetAsync("/health/live");
        using HttpResponseMessage last = await service.GetAsync("/marker");
        await service.Log.OfAsync(node => (string?)node["Route"] == "/marker");
        Assert.DoesNotContain(service.Log.All, line => line.Contains("/health", StringComparison.Ordinal));
    }

    // The server says it for each frame of a flood.
    [Fact]
    public async Task Log_OfAFloodOfFrames_IsSilent()
    {
        await using var service = new Service("Production");
        Serilog.ILogger log = service.Services.GetRequiredService<Serilog.ILogger>();
        log.Fatal("Connection id \"{ConnectionId}\" exceeded the output operations maximum queue size.", "one");
        log.Fatal("The event loop in connection {ConnectionId} failed unexpectedly.", "two");
        await service.Log.OfAsync(node => (string?)node["ConnectionId"] == "two");
        Assert.DoesNotContain(service.Log.All, line => line.Contains("queue size", StringComparison.Ordinal));
    }

    // As deploy/README.md tells.
    [Theory]
    [InlineData("Default", true)]
    [InlineData("Override:Microsoft", false)]
    public async Task Level_OfTheSettings_MovesTheFrameworksOwnOnlyByItsName(string name, bool hears)
    {
        await using var service = new Service(
            "Production", ("Serilog:MinimumLevel", "Fatal"), ($"Serilog:MinimumLevel:{name}", "Fatal"));
        ILoggerFactory logs = service.Services.GetRequiredService<ILoggerFactory>();
        Assert.False(logs.CreateLogger("LossService.Api").IsEnabled(LogLevel.Error));
        Assert.Equal(hears, logs.CreateLogger("Microsoft.AspNetCore").IsEnabled(LogLevel.Warning));
    }

    [Fact]
    public void Lines_LongerThanMost_LeaveInOnePiece()
    {
        var console = new Counting();
        using TextWriter lines = RequestLog.WholeLines(console);
        lines.Write(new string('x', 3000) + '\n');
        lines.Write("second\n");
        Assert.Equal([3001, 7], console.Pieces);
    }

    private sealed class Counting : MemoryStream
    {
        public List<int> Pieces { get; } = [];

        public override void Write(ReadOnlySpan<byte> buffer) => Pieces.Add(buffer.Length);

        public override void Write(byte[] buffer, int offset, int count) => Pieces.Add(count);
    }
}
