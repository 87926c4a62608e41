using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Tests.Api;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>Who is refused learns it, although most of what he sends is never read; who is too slow, or one too many, is cut
/// off and nobody else.</summary>
public sealed class RefusalTests
{
    private const int BodyBytesMax = 8 << 20;
    private const string Health = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

    // A client that looks for the answer only when it has sent everything: what is closed too early takes the answer along.
    [Theory]
    [InlineData(415, "unsupported_media_type", "/v1/losses/mse_loss", "Content-Encoding: br\r\n", BodyBytesMax)]
    [InlineData(415, "unsupported_media_type", "/v1/losses/mse_loss", "Content-Encoding: br\r\n", 60_000)]
    [InlineData(504, "timeout", "/v1/losses/mse_loss", "X-Timeout-Ms: 0\r\n", BodyBytesMax)]
    [InlineData(406, "not_acceptable", "/v1/losses/mse_loss", "Accept: text/html\r\n", BodyBytesMax)]
    [InlineData(404, "unknown_loss", "/v1/losses/nothing", "", BodyBytesMax)]
    [InlineData(405, "method_not_allowed", "/v1/info", "", BodyBytesMax)]
    [InlineData(429, "overloaded", "/v1/losses/mse_loss", "", BodyBytesMax)] // the pool has nothing for its first numbers
    [InlineData(413, "limit_exceeded", "/v1/losses/mse_loss", "", BodyBytesMax + 1)]
    [InlineData(413, "limit_exceeded", "/v1/losses/mse_loss", "", 4 * BodyBytesMax)]
    [InlineData(400, "malformed_json", "/v1/losses/mse_loss", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", BodyBytesMax)]
    public async Task Refusal_OfABodyThatIsStillOnItsWay_ReachesItsClient(int status, string code, string path, string header, int bytes)
    {
        using var service = new SocketService(
            [SocketService.Mse], ("Limits:BodyBytesMax", $"{BodyBytesMax}"), ("Limits:PoolBytesMax", "65536"));
        byte[] body = new byte[bytes];
        body.AsSpan().Fill((byte)'1');
        Encoding.ASCII.GetBytes("""{"dtype":"float32","predictions":[""").CopyTo(body, 0);
        for (int at = 40; at < bytes; at += 10)
        {
            body[at] = (byte)',';
        }

        string length = header.Contains("chunked", StringComparison.Ordinal)
            ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {bytes}\r\n");
        for (int attempt = 0; attempt < 5; attempt++)
        {
            using var client = new RawClient(service.Port);
            await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{header}{length}\r\n");
            bool tookAll = await client.SendAsync(body);
            RawAnswers answers = await client.ReadAsync(answers: 1);
            Assert.True(answers.All.Count == 1 && answers.Whole == 1 && answers.All[0].Status == status, $"{answers}, {tookAll}");
            Assert.Equal(code, (string?)JsonNode.Parse(answers.All[0].Body)!["code"]);
            await service.UntilNothingIsLentAsync();
            if (tookAll && !answers.IsClosed && answers.All[0]["Connection"] != "close")
            {
                await client.SendAsync(Health);
                Assert.Equal(200, (await client.ReadAsync(answers: 1)).All[0].Status);
            }
        }
    }

    [Theory]
    [InlineData("POST /v1/losses/mse_loss HT", false)] // in its head
    [InlineData("POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"pre", true)]
    [InlineData("POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"pre\r\n", true)]
    public async Task Client_ThatIsTooSlow_IsToldSoAndCutOff(string sent, bool inBody)
    {
        using var service = new SocketService(
            [SocketService.Mse], ("Limits:HeadSecondsMax", "1"), ("Limits:SlowSecondsMax", "2"), ("Limits:BodyBytesPerSecondMin", "10000"));
        using var slow = new RawClient(service.Port);
        using var healthy = new RawClient(service.Port);
        await slow.SendAsync(sent);
        Task<RawAnswers> reading = slow.ReadAsync();
        while (!reading.IsCompleted)
        {
            await healthy.SendAsync(Health);
            Assert.Equal(200, (await healthy.ReadAsync(answers: 1)).All[0].Status);
            await Task.Delay(10);
        }

        RawAnswers answers = await reading;
        Assert.True(answers.IsClosed && answers.All.Count == 1 && answers.All[0].Status == 408, $"{answers}");
        if (inBody)
        {
            Assert.Equal("timeout", (string?)JsonNode.Parse(answers.All[0].Body)!["code"]);
        }

        await service.UntilNothingIsLentAsync();
        Assert.DoesNotContain(service.Log.All, line => line.Contains("A fault of the service", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Client_ThatAsksForNothingMore_IsCutOff()
    {
        using var service = new SocketService([SocketService.Mse], ("Limits:IdleSecondsMax", "1"));
        using var idle = new RawClient(service.Port);
        Assert.True(await IsAnsweredAsync(idle));
        RawAnswers answers = await idle.ReadAsync();
        Assert.True(answers.IsClosed && answers.All.Count == 0, $"{answers}");
        using var another = new RawClient(service.Port);
        Assert.True(await IsAnsweredAsync(another));
    }

    // Its answer is longer than what buffers on the way hold, and it takes nothing of it.
    [Fact]
    public async Task Reader_ThatIsTooSlow_IsCutOff()
    {
        const int Elements = 1_000_000;
        using var service = new SocketService(
            [SocketService.Mse], ("Limits:AnswerBytesPerSecondMin", $"{1 << 30}"), ("Limits:SlowSecondsMax", "2"),
            ("WarmUpRounds", "0")); // nobody else holds tensors
        string Tensor(char element) =>
            $$"""{"shape":[{{Elements}}],"data":[{{string.Join(',', Enumerable.Repeat(element, Elements))}}]}""";
        string body = $$"""{"dtype":"float64","predictions":{{Tensor('1')}},"targets":{{Tensor('0')}}}""";
        using var reader = new RawClient(service.Port, receiveBytes: 1 << 16);
        await reader.SendAsync($"POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.True(await IsSoonAsync(() => service.Pool.Leases > 0));
        Assert.True(await IsSoonAsync(() => service.Pool.Leases == 0));
        RawAnswers answers = await reader.ReadAsync(answers: 1);
        Assert.True(answers.IsClosed && answers.Whole == 0, $"{answers}");
        using var healthy = new RawClient(service.Port);
        Assert.True(await IsAnsweredAsync(healthy));
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreClosedUntilOneEnds()
    {
        const int Limit = 4;
        using var service = new SocketService([SocketService.Mse], ("Limits:ConnectionsMax", $"{Limit}"));
        var open = new List<RawClient>();
        for (int number = 0; number < Limit; number++)
        {
            open.Add(new(service.Port));
            Assert.True(await IsAnsweredAsync(open[number]));
        }

        for (int number = 0; number < 3 * Limit; number++)
        {
            using var another = new RawClient(service.Port);
            Assert.False(await IsAnsweredAsync(another));
        }

        foreach (RawClient client in open)
        {
            Assert.True(await IsAnsweredAsync(client)); // those that are in notice nothing
        }

        open[0].Dispose();
        bool isIn = false;
        for (int attempt = 0; attempt < 1000 && !isIn; attempt++)
        {
            await Task.Delay(10);
            using var next = new RawClient(service.Port);
            isIn = await IsAnsweredAsync(next);
        }

        Assert.True(isIn);
        open.ForEach(client => client.Dispose());
    }

    private static async Task<bool> IsSoonAsync(Func<bool> isSo)
    {
        for (int attempt = 0; attempt < 6000 && !isSo(); attempt++)
        {
            await Task.Delay(10);
        }

        return isSo();
    }

    private static async Task<bool> IsAnsweredAsync(RawClient client)
    {
        await client.SendAsync(Health);
        RawAnswers answers = await client.ReadAsync(answers: 1);
        return answers.All.Count == 1 && answers.All[0].Status == 200;
    }
}
