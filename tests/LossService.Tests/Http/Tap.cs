using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace LossService.Tests.Http;

/// <summary>Stands between a front and the server behind it, passes everything on, and counts the answers that the server
/// really sent.</summary>
internal sealed class Tap : IDisposable
{
    private readonly int _port;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<Said> _said = new();

    public Tap(int port)
    {
        _port = port;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where to reach the server through it.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many answers the server sent so far, over all connections.</summary>
    public int Answers => _said.Sum(said => said.Answers);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient front)
    {
        var said = new Said();
        _said.Enqueue(said);
        using (front)
        using (var server = new TcpClient())
        {
            await server.ConnectAsync(IPAddress.Loopback, _port);
            // Whoever ends first ends both.
            await Task.WhenAny(
                PassOnAsync(front.GetStream(), server.GetStream(), null), PassOnAsync(server.GetStream(), front.GetStream(), said));
        }
    }

    private static async Task PassOnAsync(NetworkStream from, NetworkStream to, Said? copy)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            for (int count = await from.ReadAsync(buffer); count > 0; count = await from.ReadAsync(buffer))
            {
                copy?.Add(buffer.AsSpan(0, count));
                await to.WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // One side has left.
        }
    }

    /// <summary>What a server said on one connection. Answers that came whole are counted and forgotten.</summary>
    private sealed class Said
    {
        private readonly List<byte> _bytes = [];
        private int _before;

        public int Answers
        {
            get
            {
                lock (_bytes)
                {
                    RawAnswers read = RawAnswers.Of([.. _bytes]);
                    int answers = read.All.Count(answer => answer.Status >= 200);
                    if (read.Rest.Length > 0 || read.Whole < read.All.Count)
                    {
                        return _before + answers;
                    }

                    _bytes.Clear();
                    return _before += answers;
                }
            }
        }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            lock (_bytes)
            {
                _bytes.AddRange(bytes);
            }
        }
    }
}
