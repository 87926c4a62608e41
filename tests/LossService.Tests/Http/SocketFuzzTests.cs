using LossService.Engine;
using LossService.Engine.Families;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>A sample of what `--only sockets` of the benchmarks sends a million times.</summary>
public sealed class SocketFuzzTests(SocketService service) : IClassFixture<SocketService>
{
    [Fact]
    public async Task Requests_ChangedAnyhow_AreAnsweredOnceOrRefused()
    {
        var fuzz = new SocketFuzz(service.Port, seed: 20_261_128);
        await fuzz.RunAsync(3000, workers: 32);
        Assert.Empty(fuzz.Findings);
        Assert.True(fuzz.Outcomes.Count >= 6, string.Join(", ", fuzz.Outcomes));
        Assert.True(fuzz.Outcomes[200] is > 100 and < 2500, string.Join(", ", fuzz.Outcomes));
    }

    [Fact]
    public async Task Fuzz_OfAServerThatAnswersTwice_FindsIt()
    {
        using var server = new PlantedServer();
        var fuzz = new SocketFuzz(server.Port, seed: 1);
        await fuzz.RunAsync(1000, workers: 16);
        Assert.Contains(fuzz.Findings, finding => finding.Contains("answers to", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fuzz_OfALossThatThrows_FindsIt()
    {
        using var broken = new SocketService([new Throwing()]);
        var fuzz = new SocketFuzz(broken.Port, seed: 1);
        await fuzz.RunAsync(1000, workers: 16);
        Assert.Contains(fuzz.Findings, finding => finding.StartsWith("500", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("nonsense", 1)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 1)]
    [InlineData("\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 2)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET ", 1)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nGET ", 2)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nGET ", 1)]
    [InlineData("POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET ", 2)]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\nGET ", 2)]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET ", 1)]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\nGET ", 1)]
    public void StrictReader_OfBytes_CountsRequests(string bytes, int requests) =>
        Assert.Equal(requests, StrictReader.AnswersMax(System.Text.Encoding.Latin1.GetBytes(bytes)));

    /// <summary>A planted bug behind a sound card.</summary>
    private sealed class Throwing() : Loss(SocketService.Mse.Card)
    {
        public override LossResult Run(LossRequest request, Workshop workshop) =>
            throw new InvalidOperationException("planted");
    }
}
