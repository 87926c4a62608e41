using System.Net;
using System.Net.Sockets;
using System.Text;
using LossService.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What only a real server on a real port shows.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly Service _service =
        // The port stands in the settings, not in UseKestrel(port): that one is set while the server may have started
        // already, and then throws (dotnet/aspnetcore, pull request 67714).
        new("Production", ("urls", "http://127.0.0.1:0"), ("Limits:BodyBytesMax", "10000"), ("Limits:RequestLineBytesMax", "2048"))
        {
            // None that fails already while the service warms up.
            Also = services => services.Replace(
                ServiceDescriptor.Singleton<IReadOnlyList<Loss>>([FakeLoss.Slow, FakeLoss.Endless])),
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
    public async Task Body_LongerThanTheLimit_Is413BeforeItIsRead()
    {
        string answer = await SendAsync(
            "POST /v1/losses/fake_endless HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10001\r\nExpect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("\"limit\": \"body\"", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Server:", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Answer_ThatIsSmall_SaysItsLengthAndComesWithoutChunks()
    {
        const string Body = """{"predictions":[1]}""";
        string answer = await SendAsync(
            $"POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}");
        string[] parts = answer.Split("\r\n\r\n", 2);
        Assert.StartsWith("HTTP/1.1 200", parts[0], StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {parts[1].Length}\r\n", parts[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Transfer-Encoding", parts[0], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Body_ChunkedAndEndless_Is413()
    {
        string chunk = "1000\r\n" + new string(' ', 4096) + "\r\n";
        string answer = await SendAsync(
            "POST /v1/losses/fake_endless HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunk + chunk + chunk);
        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_BrokenChunks_Is400()
    {
        string answer = await SendAsync(
            "POST /v1/losses/fake_endless HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("malformed_json", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestLine_LongerThanTheLimit_Is414()
    {
        string answer = await SendAsync($"GET /v1/losses?q={new string('x', 3000)} HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 414", answer, StringComparison.Ordinal);
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
    public async Task Client_LeavesWhileSending_IsNoFault()
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, _port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                "POST /v1/losses/fake_slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"pre"));
            await Task.Delay(50);
        }

        string next = await SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", next, StringComparison.Ordinal);
        Assert.DoesNotContain(_service.Log.All, line => line.Contains("A fault of the service", StringComparison.Ordinal));
    }

    // Everything the server says until it closes, or says nothing for a second.
    private async Task<string> SendAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        var answer = new StringBuilder();
        byte[] buffer = new byte[8192];
        using var patience = new CancellationTokenSource();
        try
        {
            while (true)
            {
                patience.CancelAfter(TimeSpan.FromSeconds(answer.Length == 0 ? 10 : 1));
                int count = await stream.ReadAsync(buffer, patience.Token);
                if (count == 0)
                {
                    break;
                }

                answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
            // A quiet or reset connection ends the answer as well as a closed one.
        }

        return answer.ToString();
    }
}
