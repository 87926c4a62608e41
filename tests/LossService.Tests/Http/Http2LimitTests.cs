using System.Buffers.Binary;
using LossService.Tests.Api.Connections;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>What an HTTP/2 connection may hold is what the limits say: the server announces it, and keeps to it.</summary>
public sealed class Http2LimitTests
{
    private const int Streams = 3;
    private const int StreamWindow = 70_000;
    private const int ConnectionWindow = 80_000;

    // Of RFC 9113, 6.5.2, 6.9.2 and 7.
    private const int MaxConcurrentStreams = 3, InitialWindowSize = 4, InitialWindow = 65_535, RefusedStream = 7;

    [Fact]
    public async Task Hello_OfTheServer_AnnouncesTheLimits()
    {
        using Http2Service service = Start();
        using Http2Client client = await Http2Client.ConnectAsync(service.Port);
        var announced = new Dictionary<int, int>();
        byte[] settings = await client.UntilAsync(Frame.Settings);
        for (int at = 0; at < settings.Length; at += 6)
        {
            announced[BinaryPrimitives.ReadInt16BigEndian(settings.AsSpan(at))] = BinaryPrimitives.ReadInt32BigEndian(settings.AsSpan(at + 2));
        }

        Assert.Equal((Streams, StreamWindow), (announced[MaxConcurrentStreams], announced[InitialWindowSize]));
        byte[] more = await client.UntilAsync(Frame.WindowUpdate);
        Assert.Equal(ConnectionWindow - InitialWindow, BinaryPrimitives.ReadInt32BigEndian(more));
    }

    [Fact]
    public async Task Streams_BeyondTheLimit_AreRefused()
    {
        using Http2Service service = Start();
        using Http2Client client = await Http2Client.ConnectAsync(service.Port);
        for (int number = 0; number < Streams; number++)
        {
            await client.SendAsync(Open(number));
        }

        Assert.True(await client.EchoAsync());
        await client.SendAsync(Open(Streams));
        byte[] reset = await client.UntilAsync(Frame.Reset, 1 + (2 * Streams));
        Assert.Equal(RefusedStream, BinaryPrimitives.ReadInt32BigEndian(reset));
        Assert.True(await client.EchoAsync()); // the others notice nothing
    }

    private static Http2Service Start() => new(
        TimeProvider.System, ("Limits:StreamsMax", $"{Streams}"), ("Limits:StreamWindowBytesMax", $"{StreamWindow}"),
        ("Limits:ConnectionWindowBytesMax", $"{ConnectionWindow}"));

    // A request for a loss whose body does not come: POST and http of the static table, path, host and type as literals
    // (RFC 7541).
    private static byte[] Open(int number) => Frame.Of(
        Frame.Headers, Frame.EndHeaders, 1 + (2 * number),
        [0x83, 0x86, 0x04, 19, .. "/v1/losses/mse_loss"u8, 0x01, 1, (byte)'x', 0x0F, 0x10, 16, .. "application/json"u8]);
}
