using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using LossService.Tests.Api.Connections;

namespace LossService.Tests.Http;

/// <summary>Sends frames of HTTP/2 as it is told and listens for what a server has to answer.</summary>
internal sealed class Http2Client : IDisposable
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(1);

    private readonly Stream _stream;

    private Http2Client(Stream stream) => _stream = stream;

    /// <summary>A connection that has said hello.</summary>
    /// <param name="port">Of this machine.</param>
    /// <param name="isTls">Whether it is encrypted and HTTP/2 agreed upon in the handshake.</param>
    public static async Task<Http2Client> ConnectAsync(int port, bool isTls = false)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (isTls)
        {
            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = Http2Service.IsOurs,
            });
            stream = tls;
        }

        var client = new Http2Client(stream);
        byte[] hello = [.. Frame.Preface, .. Frame.Of(Frame.Settings, 0, 0, [])];
        await client.SendAsync(hello);
        return client;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(PatienceMax);
        await _stream.WriteAsync(bytes, patience.Token);
    }

    /// <summary>Asks for an answer that comes once the server has read everything before.</summary>
    /// <returns>Whether it came; false where the server ended the connection instead.</returns>
    public async Task<bool> EchoAsync()
    {
        const long Mark = 0x4543484F;
        byte[] mark = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(mark, Mark);
        await SendAsync(Frame.Of(Frame.Ping, 0, 0, mark));
        using var patience = new CancellationTokenSource(PatienceMax);
        while (true)
        {
            (byte[] head, byte[] payload) = await NextAsync(patience.Token);
            if (head[3] == Frame.GoAway)
            {
                return false;
            }

            if (head[3] == Frame.Ping && head[4] == Frame.Ack && payload.AsSpan().SequenceEqual(mark))
            {
                return true;
            }
        }
    }

    /// <summary>Passes over frames until one of this type comes.</summary>
    /// <param name="type">Of the frame.</param>
    /// <param name="stream">Of the frame; 0 is the connection's.</param>
    /// <returns>What it holds.</returns>
    public async Task<byte[]> UntilAsync(byte type, int stream = 0)
    {
        using var patience = new CancellationTokenSource(PatienceMax);
        while (true)
        {
            (byte[] head, byte[] payload) = await NextAsync(patience.Token);
            if (head[3] == type && BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) == stream)
            {
                return payload;
            }
        }
    }

    public void Dispose() => _stream.Dispose();

    private async Task<(byte[] Head, byte[] Payload)> NextAsync(CancellationToken cancelled)
    {
        byte[] head = new byte[9];
        await _stream.ReadExactlyAsync(head, cancelled);
        byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
        await _stream.ReadExactlyAsync(payload, cancelled);
        return (head, payload);
    }
}
