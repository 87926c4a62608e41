using System.Net;
using System.Net.Sockets;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Overload;

/// <summary>A client that sends one large request after the other, by two threads that only take what is left of their
/// processor: it shares that with whoever measures.</summary>
internal sealed class LargeClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Thread _sender;
    private readonly Thread _reader;
    private readonly byte[] _request;
    private volatile bool _isOver;
    private int _answers;

    public LargeClient(int port, byte[] request)
    {
        _request = request;
        _socket.Connect(IPAddress.Loopback, port);
        _sender = new(Send);
        _reader = new(Read);
        _sender.Start();
        _reader.Start();
    }

    /// <summary>How many were answered with 200.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <summary>Lets the request that is under way end.</summary>
    public void Dispose()
    {
        _isOver = true;
        _sender.Join();
        _reader.Join();
        _socket.Dispose();
        _turn.Dispose();
    }

    private void Send()
    {
        Background.Enter();
        while (true)
        {
            _turn.Wait();
            if (_isOver)
            {
                _socket.Shutdown(SocketShutdown.Send);
                return;
            }

            for (int sent = 0; sent < _request.Length;)
            {
                sent += _socket.Send(_request.AsSpan(sent, Math.Min(64 << 10, _request.Length - sent)));
            }
        }
    }

    private void Read()
    {
        Background.Enter();
        byte[] buffer = new byte[256 << 10];
        int held = 0;
        while (true)
        {
            if (AnswerHead.In(buffer.AsSpan(0, held)) is not { } head)
            {
                int got = _socket.Receive(buffer.AsSpan(held));
                held += got;
                if (got == 0)
                {
                    return;
                }

                continue;
            }

            long left = (head.Length ?? throw new IOException("The answer comes in chunks.")) - (held - head.Bytes);
            while (left > 0)
            {
                left -= _socket.Receive(buffer);
            }

            held = 0;
            _answers += head.Status == 200 ? 1 : 0;
            _turn.Release();
        }
    }
}
