using LossService.Api.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>Applies the limits of connections, heads and bodies where they hold: in the server.</summary>
internal sealed class KestrelLimits(IOptions<Limits> limits, TimeProvider clock)
    : IConfigureOptions<KestrelServerOptions>, IConfigureOptions<SocketTransportOptions>
{
    private const int HostLengthMax = 255;
    private const int PseudoHeaders = 4; // method, scheme, host and path

    // The server's own limits of both buffers hold for HTTP/2 and encrypted connections; at a plain socket stand these.
    public void Configure(SocketTransportOptions options)
    {
        int bytes = limits.Value.AnswerBufferBytesMax;
        options.MaxReadBufferSize = limits.Value.BodyBufferBytesMax;
        options.MaxWriteBufferSize = bytes;
        options.CreateBoundListenSocket = endpoint =>
            SendQueue.Limit(SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint), bytes);
    }

    public void Configure(KestrelServerOptions options)
    {
        Limits ours = limits.Value;
        KestrelServerLimits theirs = options.Limits;
        TimeSpan grace = TimeSpan.FromSeconds(ours.SlowSecondsMax);
        options.AddServerHeader = false;
        // A line that ends in LF alone ends elsewhere for whoever demands CRLF; the server has no other switch for it.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", isEnabled: true);
        theirs.MaxRequestBodySize = ours.BodyBytesMax;
        // Up to twice their limits heads are told which one they passed (HeadSize.cs); the server refuses without a
        // word. Of a line of HTTP/2 it counts the host, too, and the line among its headers.
        theirs.MaxRequestLineSize = (2 * ours.RequestLineBytesMax) + HostLengthMax;
        theirs.MaxRequestHeadersTotalSize = 2 * (ours.HeaderBytesMax + ours.RequestLineBytesMax);
        theirs.MaxRequestHeaderCount = (2 * ours.HeadersMax) + PseudoHeaders;
        // A head has to fit in.
        theirs.MaxRequestBufferSize = Math.Max(ours.BodyBufferBytesMax, theirs.MaxRequestHeadersTotalSize);
        theirs.MaxResponseBufferSize = ours.AnswerBufferBytesMax;
        theirs.RequestHeadersTimeout = TimeSpan.FromSeconds(ours.HeadSecondsMax);
        theirs.KeepAliveTimeout = TimeSpan.FromSeconds(ours.IdleSecondsMax);
        theirs.MinRequestBodyDataRate = new(ours.BodyBytesPerSecondMin, grace);
        theirs.MinResponseDataRate = new(ours.AnswerBytesPerSecondMin, grace);
        theirs.MaxConcurrentConnections = ours.ConnectionsMax;
        theirs.MaxConcurrentUpgradedConnections = 0; // nothing of ours is a WebSocket
        Configure(theirs.Http2, ours);
        theirs.Http2.MaxRequestHeaderFieldSize = theirs.MaxRequestHeadersTotalSize;
        options.ConfigureEndpointDefaults(new ConnectionGuard(ours, clock).Guard);
    }

    // Against floods of frames the framework has no switch; the throttle has.
    private static void Configure(Http2Limits http2, Limits ours)
    {
        http2.MaxStreamsPerConnection = ours.StreamsMax;
        http2.InitialStreamWindowSize = ours.StreamWindowBytesMax;
        http2.InitialConnectionWindowSize = ours.ConnectionWindowBytesMax;
        // A table that clients fill made others wait 87 times as long; without one they wait no longer than without an
        // attack (--only abuse, TableBomb).
        http2.HeaderTableSize = 0;
        http2.KeepAlivePingDelay = TimeSpan.FromSeconds(ours.IdleSecondsMax);
        http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(ours.HeadSecondsMax);
    }
}
