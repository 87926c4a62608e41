using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LossService.Benchmarks.Server;

/// <summary>One kept-alive HTTP/1.1 connection over a bare socket: posts, and reads the answer away, at next to no cost for
/// the machine that both ends share.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    public Connection(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>True once the server has said that this connection takes no further request.</summary>
    public bool IsClosing { get; private set; }

    /// <summary>A whole request, head and body.</summary>
    public static byte[] Request(string method, string path, string contentType, ReadOnlySpan<byte> body)
    {
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Sends a request and reads the whole answer.</summary>
    /// <param name="request">See <see cref="Request"/>.</param>
    /// <param name="body">Takes the answer's body; null to throw it away.</param>
    /// <returns>The answer's status.</returns>
    public int Send(byte[] request, Stream? body = null)
    {
        // An echo answers while it still reads: a large request must be sent while its answer is read.
        Task? sending = null;
        if (request.Length > _buffer.Length / 2)
        {
            sending = Task.Run(() => SendAll(request));
        }
        else
        {
            SendAll(request);
        }

        int status = ReadAnswer(body);
        sending?.Wait();
        return status;
    }

    /// <summary>Sends a request in two parts, the second when it is time.</summary>
    /// <returns>The answer's status.</returns>
    public int SendInParts(byte[] request, Action between)
    {
        SendAll(request[..(request.Length / 2)]);
        between();
        SendAll(request[(request.Length / 2)..]);
        return ReadAnswer(null);
    }

    /// <summary>Posts JSON, and behind it so many blanks, each in a chunk of its own.</summary>
    /// <returns>The answer's status.</returns>
    public static int SendChunks(int port, string path, byte[] json, int blanks)
    {
        const int Block = 10_000;
        using var connection = new Connection(port);
        connection.SendAll(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{json.Length:x}\r\n")));
        connection.SendAll([.. json, .. "\r\n"u8]);
        byte[] chunks = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("1\r\n \r\n", Block)));
        for (int sent = 0; sent < blanks; sent += Block)
        {
            connection.SendAll(chunks);
        }

        connection.SendAll("0\r\n\r\n"u8.ToArray());
        return connection.ReadAnswer(null);
    }

    /// <summary>Posts JSON that was packed for the way.</summary>
    /// <returns>The answer's status.</returns>
    public static int SendPacked(int port, string path, byte[] packed, string coding)
    {
        using var connection = new Connection(port);
        connection.SendAll(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: {coding}\r\nContent-Length: {packed.Length}\r\n\r\n")));
        connection.SendAll(packed);
        return connection.ReadAnswer(null);
    }

    public void Dispose() => _socket.Dispose();

    private void SendAll(byte[] request)
    {
        for (int sent = 0; sent < request.Length;)
        {
            sent += _socket.Send(request.AsSpan(sent));
        }
    }

    private int ReadAnswer(Stream? body)
    {
        AnswerHead? found;
        while ((found = AnswerHead.In(_buffer.AsSpan(_start, _end - _start))) is null)
        {
            Fill();
        }

        AnswerHead head = found.Value;
        _start += head.Bytes;
        IsClosing |= head.IsLast;
        if (head.Length is { } length)
        {
            Take(length, body);
            return head.Status;
        }

        while (true)
        {
            long chunk = long.Parse(ReadLine(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Take(chunk, body);
            ReadLine();
            if (chunk == 0)
            {
                return head.Status;
            }
        }
    }

    private string ReadLine()
    {
        int searched = 0;
        while (true)
        {
            int found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf("\r\n"u8);
            if (found >= 0)
            {
                string line = Encoding.ASCII.GetString(_buffer, _start, searched + found);
                _start += searched + found + 2;
                return line;
            }

            searched = Math.Max(0, _end - _start - 1);
            Fill();
        }
    }

    private void Take(long bytes, Stream? to)
    {
        while (bytes > 0)
        {
            if (_start == _end)
            {
                Fill();
            }

            int some = (int)Math.Min(bytes, _end - _start);
            to?.Write(_buffer, _start, some);
            _start += some;
            bytes -= some;
        }
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        int received = _socket.Receive(_buffer.AsSpan(_end));
        if (received == 0)
        {
            throw new IOException("The server closed the connection.");
        }

        _end += received;
    }
}
