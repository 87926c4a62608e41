using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LossService.Tests.Http;

/// <summary>A client that says what it is told, byte by byte, over a real socket, and takes down what comes back.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(20); // a server that keeps quiet has failed

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <param name="port">Of this machine.</param>
    /// <param name="receiveBytes">About how much the system takes in for it; 0 leaves that to the system.</param>
    public RawClient(int port, int receiveBytes = 0)
    {
        if (receiveBytes > 0)
        {
            _socket.ReceiveBufferSize = receiveBytes; // a connection has to know it before it is opened
        }

        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>All that one connection brings when all of this is sent at once.</summary>
    public static async Task<RawAnswers> AskAsync(int port, string request, bool toHead = false)
    {
        using var client = new RawClient(port);
        await client.SendAsync(request);
        return await client.ReadAsync(toHead);
    }

    /// <summary>Sends a text, a byte a character.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes; a server that has closed the connection takes them, too.</summary>
    /// <returns>False once it no longer does.</returns>
    public async Task<bool> SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(PatienceMax);
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[await _socket.SendAsync(bytes, patience.Token)..];
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Says that nothing more will be sent, and goes on listening.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes so that the other side sees a broken connection, not an ended one.</summary>
    public void Reset() => _socket.Close(timeout: 0);

    /// <summary>Everything until the server closes the connection.</summary>
    /// <param name="toHead">The answers are to HEAD, so that a length announces no body.</param>
    /// <exception cref="OperationCanceledException">It does not close.</exception>
    public Task<RawAnswers> ReadAsync(bool toHead = false) => ReadAsync(int.MaxValue, toHead);

    /// <summary>Everything until so many answers are whole, or the server closes the connection.</summary>
    public async Task<RawAnswers> ReadAsync(int answers, bool toHead = false)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        using var patience = new CancellationTokenSource();
        while (true)
        {
            patience.CancelAfter(PatienceMax);
            int count;
            bool isReset = false;
            try
            {
                count = await _socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            }
            catch (SocketException)
            {
                (count, isReset) = (0, true);
            }

            all.Write(buffer, 0, count);
            if (count == 0)
            {
                return RawAnswers.Of(all.ToArray(), toHead) with { IsClosed = true, IsReset = isReset };
            }

            if (answers < int.MaxValue && RawAnswers.Of(all.ToArray(), toHead) is { } read && read.Whole >= answers)
            {
                return read;
            }
        }
    }

    /// <summary>Everything until the server closes the connection or says nothing for so long.</summary>
    public async Task<RawAnswers> ListenAsync(TimeSpan quietMax)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[1 << 13];
        using var patience = new CancellationTokenSource();
        try
        {
            while (true)
            {
                patience.CancelAfter(quietMax);
                int count = await _socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
                all.Write(buffer, 0, count);
                if (count == 0)
                {
                    return RawAnswers.Of(all.ToArray()) with { IsClosed = true };
                }
            }
        }
        catch (SocketException)
        {
            return RawAnswers.Of(all.ToArray()) with { IsClosed = true, IsReset = true };
        }
        catch (OperationCanceledException)
        {
            return RawAnswers.Of(all.ToArray());
        }
    }

    public void Dispose() => _socket.Dispose();
}
