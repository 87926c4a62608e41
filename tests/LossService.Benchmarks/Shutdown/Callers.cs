using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Shutdown;

/// <summary>A balancer and its callers: they send to the service until its readiness says no, and count what becomes of
/// every request that they began.</summary>
internal sealed class Callers(int port) : IDisposable
{
    private const int ProbePauseMs = 5;
    private static readonly TimeSpan ListeningTimeMax = TimeSpan.FromSeconds(30);

    private readonly List<Thread> _threads = [];
    private readonly CountdownEvent _warm = new(5);
    private readonly ConcurrentBag<string> _lost = [];
    private volatile bool _isOver;
    private long _asked = long.MaxValue; // when the service was asked to stop
    private int _answered;
    private int _crossed;
    private int _refused;
    private bool _saidFirst;

    /// <summary>Starts them all, and returns when each has had its first answer.</summary>
    public void Start()
    {
        byte[] small = Payload.Request(Payload.Json(32, 10));
        byte[] larger = Payload.Request(Payload.Json(256, 100));
        Run(() => Keep(small));
        Run(() => Keep(larger));
        Run(() => Open(small));
        Run(() => Open(larger));
        Run(() => Linger(larger));
        Run(Probe);
        _warm.Wait();
    }

    /// <summary>Notes that the service is asked to stop now.</summary>
    public void NoteAsked() => Volatile.Write(ref _asked, Stopwatch.GetTimestamp());

    /// <summary>Waits until no request is under way any more.</summary>
    public Outcome Finish()
    {
        _threads.ForEach(thread => thread.Join());
        return new(_saidFirst, _answered, _crossed, [.. _lost], _refused);
    }

    public void Dispose() => _warm.Dispose();

    private void Run(Action work)
    {
        var thread = new Thread(() => work());
        _threads.Add(thread);
        thread.Start();
    }

    // One connection, for as long as the service lets it.
    private void Keep(byte[] request)
    {
        while (!_isOver && Connect() is { } connection)
        {
            using (connection)
            {
                bool isFirst = true;
                while (!_isOver && !connection.IsClosing && Count("kept connection", () => connection.Send(request)))
                {
                    Warm(isFirst);
                    isFirst = false;
                }
            }
        }
    }

    // A connection a request.
    private void Open(byte[] request)
    {
        for (bool first = true; !_isOver && Connect() is { } connection; first = false)
        {
            using (connection)
            {
                Count("new connection", () => connection.Send(request));
                Warm(first);
            }
        }
    }

    // Begins before the stop, and sends the rest when nobody listens any more.
    private void Linger(byte[] request)
    {
        using Connection connection = new(port);
        Count("slow body", () => connection.SendInParts(request, () =>
        {
            _warm.Signal();
            long start = Stopwatch.GetTimestamp();
            while (!_isOver || (IsListening() && Stopwatch.GetElapsedTime(start) < ListeningTimeMax))
            {
                Thread.Sleep(ProbePauseMs);
            }
        }));
    }

    private void Probe()
    {
        byte[] question = Server.Connection.Request("GET", "/health/ready", "text/plain", []);
        while (!_isOver)
        {
            try
            {
                using var connection = new Connection(port);
                _saidFirst = connection.Send(question) == 503;
                _isOver = _saidFirst;
            }
            catch (Exception gone) when (gone is SocketException or IOException)
            {
                _isOver = true; // without a word
            }

            Thread.Sleep(ProbePauseMs);
        }
    }

    private void Warm(bool first)
    {
        if (first && !_warm.IsSet)
        {
            _warm.Signal();
        }
    }

    private Connection? Connect()
    {
        try
        {
            return new(port);
        }
        catch (SocketException)
        {
            Interlocked.Increment(ref _refused);
            return null;
        }
    }

    private bool IsListening()
    {
        try
        {
            using var connection = new Connection(port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // False when this was the last request of its connection.
    private bool Count(string caller, Func<int> send)
    {
        long begun = Stopwatch.GetTimestamp();
        string? fault = null;
        try
        {
            int status = send();
            fault = status == 200 ? null : $"{caller}: {status}";
        }
        catch (Exception gone) when (gone is SocketException or IOException)
        {
            fault = $"{caller}: {gone.Message}";
        }

        if (fault is not null)
        {
            _lost.Add(fault);
            return false;
        }

        Interlocked.Increment(ref _answered);
        if (begun < Volatile.Read(ref _asked) && Stopwatch.GetTimestamp() >= Volatile.Read(ref _asked))
        {
            Interlocked.Increment(ref _crossed);
        }

        return true;
    }
}
