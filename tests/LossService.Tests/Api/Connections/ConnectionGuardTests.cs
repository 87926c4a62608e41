using System.IO.Pipelines;
using System.Net;
using LossService.Api;
using LossService.Api.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace LossService.Tests.Api.Connections;

/// <summary>Which connections are sliced, which are throttled, and by which of their pipes.</summary>
public sealed class ConnectionGuardTests
{
    private static readonly Pipe Wire = new();

    [Fact]
    public async Task Connection_OfHttp1Alone_IsSlicedAndNeverThrottled()
    {
        var plain = new Duplex(new Pipe());
        var connection = new DefaultConnectionContext("x", new Duplex(Wire), new Duplex(Wire));
        Assert.IsType<SlicedReader>((await InnermostAsync(HttpProtocols.Http1, connection, tls: null)).Transport.Input);
        Assert.Same(plain, (await InnermostAsync(HttpProtocols.Http1, connection, plain)).Transport);
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
        IDuplexPipe? found = null;
        ConnectionContext inner = await InnermostAsync(
            HttpProtocols.Http1AndHttp2, new DefaultConnectionContext("x", own, own), new Duplex(new Pipe()), pipe => found = pipe);
        inner.Transport = found!;
        Assert.Same(found, inner.Transport);
        Assert.IsType<SlicedReader>(found!.Input);
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
        Assert.Equal("x", inner.ConnectionId);
        Assert.NotNull(connection.Features.Get<HalfClose>());
        Assert.NotEqual(closed.Token, inner.ConnectionClosed);
        Assert.Equal((connection.RemoteEndPoint, connection.LocalEndPoint), (inner.RemoteEndPoint, inner.LocalEndPoint));
        Assert.Same(connection.Features, inner.Features);
        Assert.Same(connection.Items, inner.Items);
    }

    // What a connection is to the server at the end of an endpoint's middleware, TLS among it or not.
    private static async Task<ConnectionContext> InnermostAsync(
        HttpProtocols protocols, ConnectionContext connection, IDuplexPipe? tls, Action<IDuplexPipe>? found = null)
    {
        var options = new KestrelServerOptions();
        options.ConfigureEndpointDefaults(new ConnectionGuard(new Limits(), TimeProvider.System).Guard);
        ConnectionContext? innermost = null;
        ConnectionDelegate? all = null;
        options.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            endpoint.Protocols = protocols;
            endpoint.Use((ConnectionDelegate next) => one =>
            {
                found?.Invoke(one.Transport);
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
