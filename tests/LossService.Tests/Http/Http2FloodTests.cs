using LossService.Tests.Api.Connections;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>Floods of HTTP/2 frames over real sockets: held back until time has passed, and for no longer than their sender
/// and their server stay. Time stands still unless a test lets it pass; the same flood without a budget is the
/// control.</summary>
public sealed class Http2FloodTests : IDisposable
{
    private const int Frames = 150;

    private readonly StandingClock _clock = new();

    private Http2Service? _service;

    public static TheoryData<string> Floods => [.. All.Keys];

    private static Dictionary<string, byte[]> All { get; } = new()
    {
        ["rapid reset"] = Many(number =>
            [.. Request("GET", 1 + (2 * number), isWhole: true), .. Frame.Of(Frame.Reset, 0, 1 + (2 * number), [0, 0, 0, 8])]),
        ["continuation"] =
        [
            .. Frame.Of(Frame.Headers, Frame.EndStream, 1, Head("GET")),
            .. Many(_ => Frame.Of(Frame.Continuation, 0, 1, [0x00, 1, (byte)'a', 1, (byte)'b']))[..(20 * 14)],
            .. Frame.Of(Frame.Continuation, Frame.EndHeaders, 1, [0x00, 1, (byte)'a', 1, (byte)'b']),
        ],
        ["ping"] = Many(_ => Frame.Of(Frame.Ping, 0, 0, new byte[8])),
        ["settings"] = Many(_ => Frame.Of(Frame.Settings, 0, 0, [0, 4, 0, 1, 0, 0])),
        ["priority"] = Many(_ => Frame.Of(Frame.Priority, 0, 1, new byte[5])),
        ["unknown"] = Many(_ => Frame.Of(Frame.Unknown, 0, 1, new byte[3])),
        ["empty data"] =
        [
            .. Request("POST", 1, isWhole: false), .. Many(_ => Frame.Of(Frame.Data, 0, 1, [])),
            .. Frame.Of(Frame.Data, Frame.EndStream, 1, []),
        ],
    };

    public void Dispose() => _service?.Dispose();

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Flood_OfAnyKind_IsHeldUntilTimePasses(string kind) => await AssertHeldAsync(Start(10_000).Port, kind);

    [Fact]
    public async Task Flood_BehindTls_IsHeldUntilTimePasses() => await AssertHeldAsync(Start(10_000).TlsPort, "ping", isTls: true);

    // Each of them within the budget of one.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Flood_OverManyConnections_IsHeldUntilTimePasses(bool isTls)
    {
        Http2Service service = Start(20_000);
        for (int attempt = 0; attempt < 30 && _clock.TimersEver == 0; attempt++)
        {
            using Http2Client client = await Http2Client.ConnectAsync(isTls ? service.TlsPort : service.Port, isTls);
            await client.SendAsync(All["ping"]);
            Task<bool> echo = client.EchoAsync();
            await Task.WhenAny(echo, _clock.UntilAwaitedAsync());
            Assert.True(attempt > 0 || await echo);
        }

        Assert.NotEqual(0, _clock.TimersEver);
    }

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Flood_WithoutABudget_IsNotHeld(string kind)
    {
        using Http2Client client = await Http2Client.ConnectAsync(Start(int.MaxValue).Port);
        await client.SendAsync(All[kind]);
        Assert.True(await client.EchoAsync());
        Assert.Equal(0, _clock.TimersEver);
    }

    [Fact]
    public async Task Held_WhenItsClientGoes_IsForgotten()
    {
        Http2Service service = Start(10_000);
        foreach (int port in new[] { service.Port, service.TlsPort })
        {
            using (Http2Client client = await Http2Client.ConnectAsync(port, port == service.TlsPort))
            {
                await client.SendAsync(All["ping"]);
                await _clock.UntilAwaitedAsync();
            }

            await _clock.UntilForgottenAsync();
        }
    }

    // Without a deadline, after which the server would cut all connections.
    [Fact]
    public async Task Held_WhenTheServiceStops_EndsAtOnce()
    {
        Http2Service service = Start(10_000);
        using Http2Client client = await Http2Client.ConnectAsync(service.Port);
        await client.SendAsync(All["ping"]);
        await _clock.UntilAwaitedAsync();
        await service.Server.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));
        await _clock.UntilForgottenAsync();
    }

    // Where HTTP/2 is not spoken, nothing has to be throttled.
    [Fact]
    public async Task Preface_WhereNothingIsConfigured_IsNotHttp2()
    {
        using Http2Client client = await Http2Client.ConnectAsync(Start(10_000).DefaultPort);
        Assert.False(await client.EchoAsync());
    }

    private Http2Service Start(int burst) => _service = new(
        _clock, ("Limits:FrameBurstMax", $"{burst}"), ("Limits:FramesPerSecondMax", $"{Math.Max(burst, 100_000)}"));

    private async Task AssertHeldAsync(int port, string kind, bool isTls = false)
    {
        using Http2Client client = await Http2Client.ConnectAsync(port, isTls);
        await client.SendAsync(All[kind]);
        await _clock.UntilAwaitedAsync();
        Task<bool> echo = client.EchoAsync();
        Assert.Equal(1, _clock.Timers);
        for (int attempt = 0; attempt < 1000 && !echo.IsCompleted; attempt++)
        {
            Assert.InRange(_clock.Timers, 0, 1);
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(echo, Task.Delay(20));
        }

        Assert.True(await echo);
    }

    private static byte[] Many(Func<int, byte[]> frame) => [.. Enumerable.Range(0, Frames).SelectMany(frame)];

    private static byte[] Request(string method, int stream, bool isWhole) => Frame.Of(
        Frame.Headers, isWhole ? (byte)(Frame.EndStream | Frame.EndHeaders) : Frame.EndHeaders, stream, Head(method));

    // Method and scheme of the static table, path and host as literals that are not indexed (RFC 7541).
    private static byte[] Head(string method) =>
        [(byte)(method == "GET" ? 0x82 : 0x83), 0x86, 0x04, 8, .. "/v1/info"u8, 0x01, 1, (byte)'x'];
}
