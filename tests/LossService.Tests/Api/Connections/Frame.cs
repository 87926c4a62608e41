using System.Buffers.Binary;

namespace LossService.Tests.Api.Connections;

/// <summary>Frames of HTTP/2 as bytes (RFC 9113).</summary>
internal static class Frame
{
    public const byte Data = 0, Headers = 1, Priority = 2, Reset = 3, Settings = 4, PushPromise = 5, Ping = 6, GoAway = 7,
        WindowUpdate = 8, Continuation = 9, Unknown = 77;

    public const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public static byte[] Of(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }
}
