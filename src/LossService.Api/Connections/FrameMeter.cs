using System.Buffers;

namespace LossService.Api.Connections;

/// <summary>Follows what a client sends on a connection and says what its HTTP/2 frames (RFC 9113, 4.1) count for.
/// Bytes may come in any pieces, each once; of payloads it looks at nothing.</summary>
internal sealed class FrameMeter
{
    /// <summary>What carries or asks for data: large bodies and answers consist of it.</summary>
    public const int DataPrice = 1;

    /// <summary>A request: what it costs beyond its frame is up to the admission.</summary>
    public const int RequestPrice = 10;

    /// <summary>What a decent client sends now and then, and a flood consists of.</summary>
    public const int ControlPrice = 100;

    /// <summary>More headers than fit into 16 KiB, which nobody needs who asks for a loss.</summary>
    public const int ContinuationPrice = 1000;

    /// <summary>A connection, when it ends.</summary>
    public const int ConnectionPrice = 500;

    /// <summary>One that the server ended while its client went on sending: what it gets until it notices has to be
    /// received and thrown away.</summary>
    public const int CutOffPrice = 100_000;

    private const byte Data = 0, Headers = 1, WindowUpdate = 8, Continuation = 9;
    private const int EndStream = 1;
    private const int StreamBytes = 4;

    // Of a frame's head: three of its length, one of its type, one of its flags.
    private const int ToldBytes = 5;

    private int _prefaceSeen;
    private long _told;
    private int _toldSeen;
    private int _left; // until the next head

    /// <summary>False once something else than HTTP/2 was seen, such as HTTP/1.1 or the records of TLS.</summary>
    public bool IsHttp2 { get; private set; } = true;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Takes the next bytes of the connection.</summary>
    /// <returns>The prices of all frames whose type, length and flags they tell the last of.</returns>
    public long Count(in ReadOnlySequence<byte> bytes)
    {
        long price = 0;
        foreach (ReadOnlyMemory<byte> piece in bytes)
        {
            price += Count(piece.Span);
        }

        return price;
    }

    /// <inheritdoc cref="Count(in ReadOnlySequence{byte})"/>
    public long Count(ReadOnlySpan<byte> bytes)
    {
        bytes = AfterPreface(bytes);
        long price = 0;
        while (IsHttp2 && bytes.Length > 0)
        {
            if (_left > 0)
            {
                int skipped = Math.Min(_left, bytes.Length);
                _left -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            _told = (_told << 8) | bytes[0];
            bytes = bytes[1..];
            if (++_toldSeen == ToldBytes)
            {
                (int length, byte type, byte flags) = ((int)(_told >> 16), (byte)(_told >> 8), (byte)_told);
                price += PriceOf(type, flags, length);
                (_told, _toldSeen, _left) = (0, 0, StreamBytes + length);
            }
        }

        return price;
    }

    private ReadOnlySpan<byte> AfterPreface(ReadOnlySpan<byte> bytes)
    {
        int length = Math.Min(Preface.Length - _prefaceSeen, bytes.Length);
        IsHttp2 &= bytes[..length].SequenceEqual(Preface.Slice(_prefaceSeen, length));
        _prefaceSeen += length;
        return bytes[length..];
    }

    // An empty frame of data is how many clients end a body, which happens once a request.
    private static int PriceOf(byte type, byte flags, int length) => type switch
    {
        Data when length > 0 || (flags & EndStream) != 0 => DataPrice,
        WindowUpdate => DataPrice,
        Headers => RequestPrice,
        Continuation => ContinuationPrice,
        _ => ControlPrice, // an end of a request, PING, SETTINGS, PRIORITY, empty data, GOAWAY, what nobody knows
    };
}
