using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LossService.Api.Frames;

/// <summary>Gives every connection that may speak HTTP/2 a budget of frames (map: Floods of frames). Connections of an
/// endpoint that speaks HTTP/1.1 alone pass untouched.</summary>
internal sealed class FrameThrottle(Limits limits, TimeProvider clock)
{
    /// <summary>Stands before everything else that an endpoint makes of its connections.</summary>
    public void Guard(ListenOptions endpoint) =>
        // Only when the endpoint is built are its protocols known: configuration comes after this.
        endpoint.Use((ConnectionDelegate next) => !endpoint.Protocols.HasFlag(HttpProtocols.Http2)
            ? next
            : connection => next(new Guarded(
                connection, this, isHttp2Plain: !endpoint.Protocols.HasFlag(HttpProtocols.Http1))));

    private ThrottledPipe Throttle(IDuplexPipe pipe, CancellationToken closed) =>
        new(new ThrottledReader(pipe.Input, new FrameBudget(limits, clock), clock, closed), pipe.Output);

    private sealed record ThrottledPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A connection whose pipe is throttled where frames can be seen. Without TLS the server speaks HTTP/2
    /// only on an endpoint that speaks nothing else, so there the transport's own pipe is. TLS comes after us: it
    /// reads the pipe that we were given and puts another in its place, which is where the frames are. Whoever
    /// opened the connection disposes it.</summary>
    private sealed class Guarded(ConnectionContext inner, FrameThrottle throttle, bool isHttp2Plain) : ConnectionContext
    {
        private IDuplexPipe _transport =
            isHttp2Plain ? throttle.Throttle(inner.Transport, inner.ConnectionClosed) : inner.Transport;

        public override IDuplexPipe Transport
        {
            get => _transport;
            // At its end TLS puts back what it took.
            set => _transport = value is ThrottledPipe || ReferenceEquals(value, inner.Transport)
                ? value
                : throttle.Throttle(value, inner.ConnectionClosed);
        }

        public override string ConnectionId
        {
            get => inner.ConnectionId;
            set => inner.ConnectionId = value;
        }

        public override IFeatureCollection Features => inner.Features;

        public override IDictionary<object, object?> Items
        {
            get => inner.Items;
            set => inner.Items = value;
        }

        public override CancellationToken ConnectionClosed
        {
            get => inner.ConnectionClosed;
            set => inner.ConnectionClosed = value;
        }

        public override EndPoint? LocalEndPoint
        {
            get => inner.LocalEndPoint;
            set => inner.LocalEndPoint = value;
        }

        public override EndPoint? RemoteEndPoint
        {
            get => inner.RemoteEndPoint;
            set => inner.RemoteEndPoint = value;
        }

        public override void Abort() => inner.Abort();

        public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);
    }
}
