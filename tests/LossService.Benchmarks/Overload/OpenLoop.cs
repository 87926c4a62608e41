using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using HdrHistogram;
using LossService.Benchmarks.Harness;
using LossService.Benchmarks.Server;

namespace LossService.Benchmarks.Overload;

/// <summary>What came of requests that were sent at a constant rate.</summary>
/// <param name="Rate">How many were due a second.</param>
/// <param name="Seconds">For how long.</param>
/// <param name="Answered">Microseconds from when a request was due until it was answered with 200.</param>
/// <param name="Refused">The same until it was refused with 429 or 503.</param>
/// <param name="InTime">How many of the answered were so within a second.</param>
/// <param name="Lost">How many got no answer, another answer, or found no connection free.</param>
internal sealed record OpenLoopResult(
    double Rate, double Seconds, LongHistogram Answered, LongHistogram Refused, long InTime, long Lost)
{
    /// <summary>Answers in time, a second.</summary>
    public double Goodput => InTime / Seconds;
}

/// <summary>An open loop: requests are due at a constant rate whether or not the last one is answered, and their latency
/// counts from when they were due, so that a server that stalls is not spared what waited meanwhile.</summary>
internal sealed partial class OpenLoop(int port, byte[] request, int connectionsMax)
{
    private const long MicrosecondsMax = 120_000_000;
    private const long InTime = 1_000_000;
    private const int Digits = 3;

    private readonly ConcurrentStack<Line> _idle = new();
    private readonly LongHistogram _answered = new(MicrosecondsMax, Digits);
    private readonly LongHistogram _refused = new(MicrosecondsMax, Digits);
    private readonly Lock _gate = new();
    private int _open;
    private long _inTime;
    private long _lost;

    /// <summary>Sends for some time and waits for what is still under way.</summary>
    public OpenLoopResult Run(double rate, double seconds)
    {
        long count = Math.Max(1, (long)(rate * seconds));
        var underWay = new List<Task>((int)count);
        long start = Stopwatch.GetTimestamp();
        for (long number = 0; number < count; number++)
        {
            long due = start + (long)(number / rate * Stopwatch.Frequency);
            WaitUntil(due);
            if (TakeLine() is { } line)
            {
                underWay.Add(AskAsync(line, due));
            }
            else
            {
                Lose();
            }
        }

        Task.WaitAll(underWay);
        while (_idle.TryPop(out Line? line))
        {
            line.Dispose();
        }

        return new(rate, count / rate, _answered, _refused, _inTime, _lost);
    }

    // The system's sleep is exact to some fifty microseconds, the runtime's to a millisecond.
    private static void WaitUntil(long due)
    {
        while (due - Stopwatch.GetTimestamp() is var left && left > 0)
        {
            _ = Sleep((uint)Math.Clamp(left * 1_000_000 / Stopwatch.Frequency, 1, 500_000));
        }
    }

    private Line? TakeLine()
    {
        if (_idle.TryPop(out Line? line))
        {
            return line;
        }

        if (Interlocked.Increment(ref _open) <= connectionsMax)
        {
            return new(port);
        }

        Interlocked.Decrement(ref _open);
        return null;
    }

    private async Task AskAsync(Line line, long due)
    {
        try
        {
            (int status, bool stays) = await line.AskAsync(request).ConfigureAwait(false);
            Count(status, (long)Stopwatch.GetElapsedTime(due).TotalMicroseconds);
            if (stays)
            {
                _idle.Push(line);
                return;
            }
        }
        catch (Exception broken) when (broken is SocketException or IOException)
        {
            Lose();
        }

        line.Dispose();
        Interlocked.Decrement(ref _open);
    }

    private void Count(int status, long microseconds)
    {
        lock (_gate)
        {
            long value = Math.Clamp(microseconds, 1, MicrosecondsMax);
            switch (status)
            {
                case 200:
                    _answered.RecordValue(value);
                    _inTime += value <= InTime ? 1 : 0;
                    break;
                case 429 or 503:
                    _refused.RecordValue(value);
                    break;
                default:
                    _lost++;
                    break;
            }
        }
    }

    private void Lose()
    {
        lock (_gate)
        {
            _lost++;
        }
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sleep(uint microseconds);

    /// <summary>A kept connection.</summary>
    private sealed class Line(int port) : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _buffer = new byte[64 << 10];

        /// <summary>Sends the request and reads the answer, which says its length.</summary>
        /// <returns>The status, and whether the connection may be used again.</returns>
        public async Task<(int Status, bool Stays)> AskAsync(byte[] request)
        {
            if (!_socket.Connected)
            {
                await _socket.ConnectAsync(IPAddress.Loopback, port).ConfigureAwait(false);
            }

            for (int sent = 0; sent < request.Length;)
            {
                sent += await _socket.SendAsync(request.AsMemory(sent)).ConfigureAwait(false);
            }

            int held = 0;
            AnswerHead? found;
            while ((found = AnswerHead.In(_buffer.AsSpan(0, held))) is null)
            {
                held += await ReceiveAsync(held).ConfigureAwait(false);
            }

            AnswerHead head = found.Value;
            long left = (head.Length ?? throw new IOException("The answer comes in chunks.")) - (held - head.Bytes);
            while (left > 0)
            {
                left -= await ReceiveAsync(0).ConfigureAwait(false);
            }

            return (head.Status, !head.IsLast);
        }

        public void Dispose() => _socket.Dispose();

        private async ValueTask<int> ReceiveAsync(int from)
        {
            int got = await _socket.ReceiveAsync(_buffer.AsMemory(from)).ConfigureAwait(false);
            Foreground.Enter(); // before the time is taken, and for what this thread hears of next
            return got > 0 ? got : throw new IOException("The server closed the connection.");
        }
    }
}
