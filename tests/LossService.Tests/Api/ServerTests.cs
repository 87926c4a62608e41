using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Api;
using LossService.Engine;
using LossService.Tests.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What only a real server on a real port shows of answers and of clients that go away.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly Service _service =
        // The port stands in the settings, not in UseKestrel(port): that one is set while the server may have started
        // already, and then throws (dotnet/aspnetcore, pull request 67714).
        new("Production", ("urls", "http://127.0.0.1:0"), ("WarmUpRounds", "0"))
        {
            Also = services => services.Replace(ServiceDescriptor.Singleton<IReadOnlyList<Loss>>([FakeLoss.Slow])),
        };
    private readonly int _port;

    public ServerTests()
    {
        _service.UseKestrel();
        _service.StartServer();
        _port = _service.ClientOptions.BaseAddress.Port;
    }

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Answer_ThatIsSmall_SaysItsLengthAndComesWithoutChunks()
    {
        const string Body = """{"predictions":[1]}""";
        RawAnswer answer = Assert.Single((await RawClient.AskAsync(
            _port, $"POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}")).All);
        Assert.Equal(200, answer.Status);
        Assert.Equal($"{answer.Body.Length}", answer["Content-Length"]);
        Assert.Null(answer["Transfer-Encoding"]);
    }

    [Fact]
    public async Task Body_ThatTheServerRefuses_IsToldTheLimit()
    {
        long most = new Limits().BodyBytesMax;
        RawAnswer answer = Assert.Single((await RawClient.AskAsync(
            _port, $"POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {most + 1}\r\nConnection: close\r\n\r\n{{")).All);
        Assert.Equal(413, answer.Status);
        JsonNode error = JsonNode.Parse(answer.Body)!["errors"]![0]!;
        Assert.Equal($"more than {most} bytes of body", (string?)error["detail"]);
        Assert.Equal($"at most {most} bytes", (string?)error["expected"]);
        Assert.Equal("body", (string?)error["limit"]);
    }

    [Fact]
    public async Task Client_LeavesWhileComputing_ComputationStopsAndNothingStaysRented()
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, _port);
            const string Body = """{"predictions":[1,2,3]}""";
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"));
            for (int attempt = 0; attempt < 500 && _service.Pool.Leases == 0; attempt++)
            {
                await Task.Delay(10);
            }

            Assert.NotEqual(0, _service.Pool.Leases);
        }

        for (int attempt = 0; attempt < 500 && _service.Pool.Leases != 0; attempt++)
        {
            await Task.Delay(10);
        }

        Assert.Equal(0, _service.Pool.Leases);
        Assert.DoesNotContain(_service.Log.All, line => line.Contains("A fault of the service", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MemoryMetrics_OfARequest_RiseWithItAndFallAfterIt()
    {
        using var heard = new Heard(_service.Services, MemoryMetrics.MeterName);
        Readiness readiness = _service.Services.GetRequiredService<Readiness>();
        await UntilAsync(() => readiness.IsWarm); // which takes tensors, too
        await UntilAsync(() => heard.Now(MemoryMetrics.TensorBytes) == 0);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, _port);
            const string Body = """{"predictions":[1,2,3]}""";
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"));
            await UntilAsync(() => heard.Now(MemoryMetrics.TensorBytes) > 0);
            Assert.Equal(_service.Pool.Leases, heard.Now(MemoryMetrics.TensorLeases));
        }

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, _port);
            await client.GetStream().WriteAsync("POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Ty"u8.ToArray());
            await UntilAsync(() => heard.Now(MemoryMetrics.BlockBytesRented) > 0);
        }

        await UntilAsync(() => heard.Now(MemoryMetrics.TensorBytes) == 0 && heard.Now(MemoryMetrics.BlockBytesRented) == 0);
        Assert.Equal(0, heard.Now(MemoryMetrics.TensorLeases));
        Assert.True(heard.Now(MemoryMetrics.BlockBytesPooled) > 0);
    }

    // The server does not give back the end of a body that is cut off, reads on, and would say that this is its fault.
    [Theory]
    [InlineData("Content-Length: 500", "{\"pre")]
    [InlineData("Content-Length: 1000000", "{\"predictions\":[")]
    [InlineData("Transfer-Encoding: chunked", "5\r\n{\"pre")]
    [InlineData("Content-Length: 500", "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n")]
    public async Task Client_LeavesWhileSending_IsNoFaultAndNoOtherRequest(string length, string body)
    {
        TransportBlocks blocks = _service.Services.GetRequiredService<TransportBlocks>();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, _port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n{body}"));
            await UntilAsync(() => blocks.BytesRented > 0);
        }

        await UntilAsync(() => blocks.BytesRented == 0);
        RawAnswers next = await RawClient.AskAsync(_port, "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Equal(200, Assert.Single(next.All).Status);
        Assert.DoesNotContain(_service.Log.All, line => line.Contains("\"@l\":", StringComparison.Ordinal) || line.Contains("/v1/info", StringComparison.Ordinal));
    }

    // Half a megabyte each: the fourth would pass half of the pool.
    [Fact]
    public async Task Senders_WhoStopBeforeTheEnd_AreRefusedBeforeTheyTakeAllMemory()
    {
        using var service = new Service("Production", ("urls", "http://127.0.0.1:0"), ("WarmUpRounds", "0"), ("Limits:PoolBytesMax", $"{4 << 20}"));
        service.UseKestrel();
        service.StartServer();
        int port = service.ClientOptions.BaseAddress.Port;
        var senders = new List<RawClient>();
        for (int sender = 0; sender < 4; sender++)
        {
            senders.Add(new(port));
            await senders[^1].SendAsync(
                "POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n"
                + "{\"predictions\":[".PadRight(400_000));
        }

        await UntilAsync(() => service.Pool.BytesLeased >= 3 << 19);
        const string Body = """{"predictions":[1],"targets":[3]}""";
        RawAnswers next = await RawClient.AskAsync(
            port, $"POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}");
        Assert.Equal(200, Assert.Single(next.All).Status);
        Task<RawAnswers>[] answers = [.. senders.Select(sender => sender.ReadAsync(answers: 1))];
        RawAnswers refused = await await Task.WhenAny(answers);
        Assert.Equal(429, Assert.Single(refused.All).Status);
        senders.ForEach(sender => sender.Dispose());
        await UntilAsync(() => service.Pool.Leases == 0);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        // It need not stay so: a server that reads the end of a connection takes a block for it.
        for (int attempt = 0; !isSo(); attempt++)
        {
            Assert.True(attempt < 500);
            await Task.Delay(10);
        }
    }
}
