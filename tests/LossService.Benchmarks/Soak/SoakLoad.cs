using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Soak;

/// <summary>A mix of callers: most are right, some are wrong, some leave; for as long as it is not disposed.</summary>
internal sealed class SoakLoad : IDisposable
{
    private const int Callers = 2;
    private const int FindingsMax = 10;

    private static readonly byte[] Large = Payload.RawRequest(Payload.Safetensors(256, 100));

    // Request, status that it must have, and how often in a hundred.
    private static readonly (byte[] Request, int Status, int Share)[] Mix =
    [
        (Payload.Request(Payload.Json(32, 10)), 200, 55),
        (Large, 200, 10),
        (Payload.Request(Payload.Json(256, 100)), 200, 5),
        (Payload.Request(Encoding.ASCII.GetBytes("""{"logits":[[1,2],[3,4]],"targets":[0,1,2],"other":1}""")), 422, 8),
        (Payload.Request(Encoding.ASCII.GetBytes("""{"logits":[[1,2],[3,4]],"targets":[0,""")), 400, 7),
        (Connection.Request("GET", "/v1/losses/mse_loss", "text/plain", []), 200, 4),
        (Connection.Request("GET", "/nothing", "text/plain", []), 404, 3),
    ];

    private readonly int _port;
    private readonly Thread[] _threads;
    private readonly ConcurrentQueue<string> _findings = new();
    private volatile bool _isOver;
    private long _answered;
    private long _refused;
    private long _left;

    public SoakLoad(int port)
    {
        _port = port;
        _threads = [.. Enumerable.Range(0, Callers).Select(number => new Thread(() => Call(new(number))))];
        Array.ForEach(_threads, thread => thread.Start());
    }

    /// <summary>How many requests were answered so far.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>How many of these were told to come again later.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>How many callers left before their answer.</summary>
    public long Left => Interlocked.Read(ref _left);

    /// <summary>Answers that were not what they had to be.</summary>
    public IReadOnlyCollection<string> Findings => _findings;

    public void Dispose()
    {
        _isOver = true;
        Array.ForEach(_threads, thread => thread.Join());
    }

    private void Call(Random random)
    {
        while (!_isOver && _findings.Count < FindingsMax)
        {
            try
            {
                using var connection = new Connection(_port);
                while (!_isOver && Ask(connection, random))
                {
                }
            }
            catch (Exception gone) when (gone is SocketException or IOException)
            {
                _findings.Enqueue(gone.Message);
            }
        }
    }

    // False when a new connection is needed.
    private bool Ask(Connection connection, Random random)
    {
        int draw = random.Next(100);
        foreach ((byte[] request, int status, int share) in Mix)
        {
            draw -= share;
            if (draw < 0)
            {
                int given = connection.Send(request);
                Interlocked.Increment(ref _answered);
                if (given is 429 or 503)
                {
                    Interlocked.Increment(ref _refused); // a busy machine may
                }
                else if (given != status)
                {
                    _findings.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{given} instead of {status}"));
                }

                return !connection.IsClosing;
            }
        }

        // The others leave, within their request or while it is computed.
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(System.Net.IPAddress.Loopback, _port);
        socket.Send(Large.AsSpan(0, random.Next(2) == 0 ? Large.Length : random.Next(Large.Length)));
        Interlocked.Increment(ref _left);
        return true;
    }
}
