using System.IO.Pipelines;
using System.Net;
using LossService.Api;
using LossService.Api.Frames;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace LossService.Tests.Api.Frames;

/// <summary>Which connections are throttled, and by which of their pipes.</summary>
public sealed class FrameThrottleTests
{
    private static readonly Pipe Wire = new();

    [Fact]
    public async Task Connection_OfHttp1Alone_StaysTheTransportsOwn()
    {
        var connection = new DefaultConnectionContext("x", new Duplex(Wire), new Duplex(Wire));
        Assert.Same(connection, await InnermostAsync(HttpProtocols.Http1, connection, tls: null));
    }

    [Theory]
    [InlineData(HttpProtocols.Http2, false, true)]
    [InlineData(HttpProtocols.Http1AndHttp2, false, false)] // without TLS the server speaks HTTP/1.1 there
    [InlineData(HttpProtocols.Http2, true, true)]
    [InlineData(HttpProtocols.Http1AndHttp2, true, true)]
    [InlineData(HttpProtocols.Http1AndHttp2AndHttp3, true, true)]
    public async Task Connection_OfHttp2_IsThrottledWhereItsFramesAre(HttpProtocols protocols, bool isTls, bool isThrottled)
    {
        var own = new Duplex(Wire);
        var plain = new Duplex(new Pipe());
        var connection = new DefaultConnectionContext("x", own, new Duplex(Wire));
        ConnectionContext inner = await InnermostAsync(protocols, connection, isTls ? plain : null);
        Assert.Equal(isThrottled, inner.Transport.Input is ThrottledReader);
        Assert.Same((isTls ? plain : own).Output, inner.Transport.Output);
        Assert.Same(own, connection.Transport); // which whoever opened it closes
    }

    [Fact]
    public async Task Connection_AfterTls_HasItsOwnPipeBack()
    {
        var own = new Duplex(Wire);
        ConnectionContext inner = await InnermostAsync(
            HttpProtocols.Http1AndHttp2, new DefaultConnectionContext("x", own, own), new Duplex(new Pipe()));
        inner.Transport = own;
        Assert.Same(own, inner.Transport);
    }

    [Fact]
    public async Task Connection_ThatIsThrottled_IsOtherwiseTheOneBelow()
    {
        using var closed = new CancellationTokenSource();
        var own = new Duplex(Wire);
        var connection = new DefaultConnectionContext("x", own, own)
        {
            ConnectionClosed = closed.Token,
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1),
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 2),
        };
        ConnectionContext inner = await InnermostAsync(HttpProtocols.Http2, connection, tls: null);
        Assert.Equal(("x", closed.Token), (inner.ConnectionId, inner.ConnectionClosed));
        Assert.Equal((connection.RemoteEndPoint, connection.LocalEndPoint), (inner.RemoteEndPoint, inner.LocalEndPoint));
        Assert.Same(connection.Features, inner.Features);
        Assert.Same(connection.Items, inner.Items);
    }

    // What a connection is to the server at the end of an endpoint's middleware, TLS among it or not.
    private static async Task<ConnectionContext> InnermostAsync(
        HttpProtocols protocols, ConnectionContext connection, IDuplexPipe? tls)
    {
        var options = new KestrelServerOptions();
        options.ConfigureEndpointDefaults(new FrameThrottle(new Limits(), TimeProvider.System).Guard);
        ConnectionContext? innermost = null;
        ConnectionDelegate? all = null;
        options.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            endpoint.Protocols = protocols;
            endpoint.Use((ConnectionDelegate next) => one =>
            {
                one.Transport = tls ?? one.Transport;
                return next(one);
            });
            endpoint.Use((ConnectionDelegate _) => one =>
            {
                innermost = one;
                return Task.CompletedTask;
            });
            all = endpoint.Build();
        });
        await all!(connection);
        return innermost!;
    }

    private sealed class Duplex(Pipe pipe) : IDuplexPipe
    {
        public PipeReader Input => pipe.Reader;

        public PipeWriter Output => pipe.Writer;
    }
}
