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
    private readonly FrameDebts _debts = new(clock);

    /// <summary>Stands before everything else that an endpoint makes of its connections.</summary>
    public void Guard(ListenOptions endpoint) =>
        // Only when the endpoint is built are its protocols known: configuration comes after this.
        endpoint.Use((ConnectionDelegate next) => !endpoint.Protocols.HasFlag(HttpProtocols.Http2)
            ? next
            : connection => PassAsync(next, new Guarded(
                connection, this, isHttp2Plain: !endpoint.Protocols.HasFlag(HttpProtocols.Http1))));

    private async Task PassAsync(ConnectionDelegate next, Guarded connection)
    {
        try
        {
            await next(connection);
        }
        finally
        {
            _debts.Add(connection.RemoteEndPoint, connection.Throttled?.Leave() ?? 0);
        }
    }

    private ThrottledReader Throttle(PipeReader frames, ConnectionContext connection)
    {
        var budget = new FrameBudget(limits, clock, _debts.EvenAt(connection.RemoteEndPoint));
        return new(frames, budget, clock, connection.ConnectionClosed);
    }

    private sealed record ThrottledPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A connection whose pipe is throttled where frames can be seen. Without TLS the server speaks HTTP/2
    /// only on an endpoint that speaks nothing else, so there the transport's own pipe is. TLS comes after us: it
    /// reads the pipe that we were given and puts another in its place, which is where the frames are. Whoever
    /// opened the connection disposes it.</summary>
    private sealed class Guarded : ConnectionContext
    {
        private readonly ConnectionContext _inner;
        private readonly FrameThrottle _throttle;
        private IDuplexPipe _transport;

        public Guarded(ConnectionContext inner, FrameThrottle throttle, bool isHttp2Plain)
        {
            (_inner, _throttle) = (inner, throttle);
            _transport = isHttp2Plain ? Throttle(inner.Transport) : inner.Transport;
        }

        /// <summary>What reads the frames, once that is known.</summary>
        public ThrottledReader? Throttled { get; private set; }

        public override IDuplexPipe Transport
        {
            get => _transport;
            // At its end TLS puts back what it took.
            set => _transport = value is ThrottledPipe || ReferenceEquals(value, _inner.Transport)
                ? value
                : Throttle(value);
        }

        public override string ConnectionId
        {
            get => _inner.ConnectionId;
            set => _inner.ConnectionId = value;
        }

        public override IFeatureCollection Features => _inner.Features;

        public override IDictionary<object, object?> Items
        {
            get => _inner.Items;
            set => _inner.Items = value;
        }

        public override CancellationToken ConnectionClosed
        {
            get => _inner.ConnectionClosed;
            set => _inner.ConnectionClosed = value;
        }

        public override EndPoint? LocalEndPoint
        {
            get => _inner.LocalEndPoint;
            set => _inner.LocalEndPoint = value;
        }

        public override EndPoint? RemoteEndPoint
        {
            get => _inner.RemoteEndPoint;
            set => _inner.RemoteEndPoint = value;
        }

        public override void Abort() => _inner.Abort();

        public override void Abort(ConnectionAbortedException abortReason) => _inner.Abort(abortReason);

        private ThrottledPipe Throttle(IDuplexPipe pipe)
        {
            Throttled = _throttle.Throttle(pipe.Input, _inner);
            return new(Throttled, pipe.Output);
        }
    }
}
