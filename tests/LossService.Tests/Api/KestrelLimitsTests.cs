using LossService.Api;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Settings of the server that follow from limits of other names, or from none.</summary>
public sealed class KestrelLimitsTests
{
    [Fact]
    public void Server_IsGiven_NoRoomForWhatNobodyNeeds()
    {
        KestrelServerOptions options = Configured(new Limits());
        Assert.False(options.AddServerHeader);
        Assert.Equal(0, options.Limits.MaxConcurrentUpgradedConnections);
        Assert.Equal(0, options.Limits.Http2.HeaderTableSize); // clients could fill it, and made others wait
    }

    [Fact]
    public void Http2_KeepsTheLimitsOfHttp1()
    {
        KestrelServerLimits server = Configured(new Limits { HeaderBytesMax = 1999, IdleSecondsMax = 77, HeadSecondsMax = 7 }).Limits;
        Http2Limits http2 = server.Http2;
        Assert.Equal(server.MaxRequestHeadersTotalSize, http2.MaxRequestHeaderFieldSize);
        Assert.Equal(TimeSpan.FromSeconds(77), http2.KeepAlivePingDelay);
        Assert.Equal(TimeSpan.FromSeconds(7), http2.KeepAlivePingTimeout);
    }

    // HTTP/2 and encrypted connections have the server's buffers, a plain socket has the transport's.
    [Fact]
    public void Buffers_OfBodiesAndAnswers_AreTheSameOnEveryConnection()
    {
        var limits = new Limits { BodyBufferBytesMax = 300_001, AnswerBufferBytesMax = 200_001 };
        KestrelServerLimits server = Configured(limits).Limits;
        var transport = new SocketTransportOptions();
        new KestrelLimits(Options.Create(limits), TimeProvider.System).Configure(transport);
        Assert.Equal((300_001, 200_001), (server.MaxRequestBufferSize, server.MaxResponseBufferSize));
        Assert.Equal((300_001, 200_001), (transport.MaxReadBufferSize, transport.MaxWriteBufferSize));
    }

    [Theory]
    [InlineData(100_000, 50_000)]
    [InlineData(50_000, 100_000)]
    public void Buffer_ThatIsShorterThanAHead_IsMadeToHoldIt(int lineBytes, int headerBytes)
    {
        var limits = new Limits { BodyBufferBytesMax = 1 << 14, RequestLineBytesMax = lineBytes, HeaderBytesMax = headerBytes };
        KestrelServerLimits server = Configured(limits).Limits;
        Assert.Equal(Math.Max(server.MaxRequestLineSize, server.MaxRequestHeadersTotalSize), server.MaxRequestBufferSize);
    }

    private static KestrelServerOptions Configured(Limits limits)
    {
        var options = new KestrelServerOptions();
        new KestrelLimits(Options.Create(limits), TimeProvider.System).Configure(options);
        return options;
    }
}
