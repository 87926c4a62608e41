using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LossService.Api.Connections;

/// <summary>Has what arrives on a connection come in slices (map: Turns on the server's threads), gives one that may
/// speak HTTP/2 a budget of frames (map: Floods of frames), and lets a client that ends its half of it have its answer
/// (map: A client that leaves).</summary>
internal sealed class ConnectionGuard(Limits limits, TimeProvider clock)
{
    private readonly FrameDebts _debts = new(clock);

    // By the system's clock, as the server's ticks are.
    private readonly CancelledReads _cancelled = new(TimeProvider.System);

    /// <summary>Stands before everything else that an endpoint makes of its connections.</summary>
    public void Guard(ListenOptions endpoint) =>
        // Only when the endpoint is built are its protocols known: configuration comes after this.
        endpoint.Use((ConnectionDelegate next) =>
            connection => PassAsync(next, connection, endpoint.Protocols));

    private async Task PassAsync(ConnectionDelegate next, ConnectionContext connection, HttpProtocols protocols)
    {
        using var halfClose = new HalfClose(connection.ConnectionClosed);
        connection.Features.Set(halfClose);
        var guarded = new Guarded(connection, this, protocols, halfClose);
        try
        {
            await next(guarded);
        }
        finally
        {
            if (guarded.Throttled is { } throttled)
            {
                _debts.Add(connection.RemoteEndPoint, throttled.Leave());
            }
        }
    }

    private ThrottledReader Throttle(PipeReader frames, ConnectionContext connection)
    {
        var budget = new FrameBudget(limits, clock, _debts.EvenAt(connection.RemoteEndPoint));
        return new(frames, budget, clock, connection.ConnectionClosed);
    }

    private SlicedReader Slice(PipeReader bytes, HalfClose halfClose) => new(bytes, clock, _cancelled, halfClose);

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A connection whose pipe is sliced, and throttled where frames can be seen. Without TLS the server
    /// speaks HTTP/2 only on an endpoint that speaks nothing else, so there the transport's own pipe is. TLS comes
    /// after us: it reads the pipe that it finds and puts another in its place, which is where the frames are. Whoever
    /// opened the connection disposes it.</summary>
    private sealed class Guarded : ConnectionContext
    {
        private readonly ConnectionContext _inner;
        private readonly ConnectionGuard _guard;
        private readonly bool _maySpeakHttp2;
        private readonly IDuplexPipe _own;
        private IDuplexPipe _transport;

        public Guarded(ConnectionContext inner, ConnectionGuard guard, HttpProtocols protocols, HalfClose halfClose)
        {
            (_inner, _guard) = (inner, guard);
            _maySpeakHttp2 = protocols.HasFlag(HttpProtocols.Http2);
            _own = new Pipes(guard.Slice(inner.Transport.Input, halfClose), inner.Transport.Output);
            ConnectionClosed = halfClose.Left;
            _transport = _maySpeakHttp2 && !protocols.HasFlag(HttpProtocols.Http1) ? Throttle(_own) : _own;
        }

        /// <summary>What reads the frames, once that is known.</summary>
        public ThrottledReader? Throttled { get; private set; }

        public override IDuplexPipe Transport
        {
            get => _transport;
            // At its end TLS puts back what it took.
            set => _transport = value.Input is ThrottledReader || ReferenceEquals(value, _own) || !_maySpeakHttp2
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

        public override CancellationToken ConnectionClosed { get; set; }

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

        private Pipes Throttle(IDuplexPipe pipe)
        {
            Throttled = _guard.Throttle(pipe.Input, _inner);
            return new(Throttled, pipe.Output);
        }
    }
}
