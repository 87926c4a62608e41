using System.Net;
using System.Text.Json.Nodes;
using LossService.Tests.Api.Connections;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>Clients of HTTP/2 that mean well never meet the budget of frames.</summary>
public sealed class Http2TrafficTests
{
    private const int Elements = 200_000;

    [Theory]
    [InlineData(false, "2.0")]
    [InlineData(true, "2.0")]
    [InlineData(true, "1.1")]
    public async Task Requests_ManyAtATimeAndLarge_AreNeverHeld(bool isTls, string version)
    {
        var clock = new NotingClock();
        using var service = new Http2Service(clock);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new() { RemoteCertificateValidationCallback = Http2Service.IsOurs },
        };
        using var client = new HttpClient(handler)
        {
            BaseAddress = new(isTls ? $"https://localhost:{service.TlsPort}" : $"http://127.0.0.1:{service.Port}"),
            DefaultRequestVersion = new(version),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await Task.WhenAll(Enumerable.Range(1, 30).Select(async number =>
        {
            for (int turn = 0; turn < 20; turn++)
            {
                Assert.Equal(number * number, await LossAsync(client, $$"""{"predictions":[{{number}}],"targets":[0]}"""));
            }
        }));

        string zeros = string.Join(',', Enumerable.Repeat("0.00", Elements));
        string twos = string.Join(',', Enumerable.Repeat("2.00", Elements));
        for (int turn = 0; turn < 3; turn++)
        {
            Assert.Equal(4, await LossAsync(client, $$"""{"predictions":[{{twos}}],"targets":[{{zeros}}]}"""));
        }

        // Taken back while they are on their way, more of them at once than a connection may have.
        using var patience = new CancellationTokenSource();
        Task[] leaving = [.. Enumerable.Range(0, 100).Select(_ => client.PostAsync(
            new Uri("/v1/losses/mse_loss", UriKind.Relative), new Unending(), patience.Token))];
        await patience.CancelAsync();
        foreach (Task one in leaving)
        {
            // Null where it was refused before it could be taken back.
            Assert.True(await Record.ExceptionAsync(() => one) is null or OperationCanceledException);
        }

        Assert.Equal(1, await LossAsync(client, """{"predictions":[1],"targets":[0]}"""));
        Assert.Equal(0, clock.Timers);
        Assert.DoesNotContain(service.Log.All, line => line.Contains("\"@l\":\"Error\"", StringComparison.Ordinal));

        async Task<double> LossAsync(HttpClient from, string body)
        {
            using var content = new StringContent(body, null, "application/json");
            using HttpResponseMessage answer = await from.PostAsync(new Uri("/v1/losses/mse_loss", UriKind.Relative), content);
            Assert.Equal((HttpStatusCode.OK, version), (answer.StatusCode, $"{answer.Version}"));
            return (double)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["loss"]!;
        }
    }

    private sealed class NotingClock : TimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // A body's own is set, and stopped, each time that it is waited for.
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Interlocked.Increment(ref _timers);
            }

            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class Unending : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            Task.Delay(Timeout.Infinite, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
