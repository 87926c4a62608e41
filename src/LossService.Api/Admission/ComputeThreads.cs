using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using LossService.Wire;

namespace LossService.Api.Admission;

/// <summary>The threads on which large requests are read, computed and written, a piece at a time: the one with the
/// least left to do comes first, and who waits comes nearer with every nanosecond.</summary>
/// <remarks>Shortest remaining time first (Schrage 1968) with ageing, which begins for each request of a caller where
/// that of the one before it would end: he who sends many waits for himself, and others hardly for him. The server's
/// own threads do nothing long beside them, and the system prefers those (<see cref="Niceness"/>): a small request is
/// answered where it arrives.</remarks>
internal sealed class ComputeThreads : IDisposable
{
    // Between two looks at who waits; a block of a computation takes some microseconds.
    private const long SliceNanoseconds = 500_000;

    // Between two moments at which the system may give the processor to somebody else.
    private const long YieldNanoseconds = 100_000;

    /// <summary>How far another's rest may be beyond a price, a guess before the body is read, for both to count as
    /// alike: what is beyond it comes later, and nobody is refused for one that is within it.</summary>
    public const double Alike = 1.5;

    // How many computations may lie under each other on one stack.
    private const int DepthMax = 8;

    private const double SlownessMax = 8;

    // The weight of one request in what is remembered of all.
    private const double Memory = 1.0 / 32;

    [ThreadStatic]
    private static long _since; // when the piece that runs on this thread began, or went on

    [ThreadStatic]
    private static long _looked, _yielded; // at who waits here, and to the system

    [ThreadStatic]
    private static int _depth;

    [ThreadStatic]
    private static bool _isGuest;

    private readonly object _gate = new();
    private readonly List<Piece> _waiting = [];
    private readonly List<Turn> _turns = [];
    private readonly Dictionary<IPAddress, long> _others = []; // of one look, kept for the next
    private readonly int _threads;
    private double _taken; // nanoseconds, of requests that ended
    private double _paid; // what their prices said
    private volatile int _count; // of those who wait, to be read without the gate
    private bool _isDisposed;

    /// <summary>Starts the threads.</summary>
    public ComputeThreads(int threads)
    {
        _threads = threads;
        for (int number = 0; number < threads; number++)
        {
            new Thread(Work) { IsBackground = true, Name = $"compute {number}", Priority = ThreadPriority.BelowNormal }.Start();
        }
    }

    /// <summary>A clock in nanoseconds.</summary>
    public static long Now => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    /// <summary>How long a request would wait for those that come before it, in nanoseconds: all of them, and those of
    /// the same caller alone. A request that waits for its own client is before nobody, and of another caller's no more
    /// are than of its own caller's, with itself.</summary>
    /// <remarks>What a step takes here and now is learned from the requests that ended.</remarks>
    public (long All, long OfCaller) WaitOf(long price, IPAddress? caller)
    {
        lock (_gate)
        {
            double needs = Alike * price * Price.StepNanoseconds;
            (long own, long all) = (0, 0);
            foreach (Turn turn in _turns)
            {
                if (!turn.IsRunnable || turn.Remaining is var remaining && remaining > needs)
                {
                    continue;
                }

                if (Equals(turn.Caller, caller))
                {
                    own += remaining;
                }
                else if (turn.Caller is { } other)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(_others, other, out _) += remaining;
                }
                else
                {
                    all += remaining;
                }
            }

            all += own;
            foreach (long other in _others.Values)
            {
                all += (long)Math.Min(other, own + needs);
            }

            _others.Clear();
            double slowness = Slowness / _threads;
            return ((long)(all * slowness), (long)(own * slowness));
        }
    }

    /// <summary>How much longer requests have lately taken than their prices say; never far from 1, so that the first
    /// ones, for which code is still compiled, do not shut the door behind them.</summary>
    public double Slowness => _paid == 0 ? 1 : Math.Clamp(_taken / _paid, 1 / SlownessMax, SlownessMax);

    /// <summary>Takes a request in; its turn ends when it is disposed.</summary>
    public Turn Open(Codec codec, long price, IPAddress? caller, bool isForetold = true)
    {
        lock (_gate)
        {
            long before = caller is null ? 0 : WaitOf(price, caller).OfCaller;
            var turn = new Turn(this, codec, price, caller) { AgesFrom = Now + before, IsForetold = isForetold };
            _turns.Add(turn);
            return turn;
        }
    }

    /// <summary>Lets a request go.</summary>
    public void Close(Turn turn)
    {
        if (SynchronizationContext.Current == turn)
        {
            // Its last piece, which is not over yet.
            long now = Now;
            turn.Spend(now - _since);
            _since = now;
        }

        lock (_gate)
        {
            _turns.Remove(turn);
            if (turn is { IsPriced: true, IsForetold: true })
            {
                _taken += (turn.Used - _taken) * Memory;
                _paid += (turn.FirstPrice - _paid) * Memory;
            }
        }
    }

    /// <summary>Has a piece of work run as soon as it is its request's turn.</summary>
    public void Enqueue(Piece piece)
    {
        piece.Turn.Count(1);
        lock (_gate)
        {
            _waiting.Add(piece);
            _count = _waiting.Count;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>True while the calling thread helps with another's computation. A guest lets nobody pass on his stack:
    /// his host waits for him, and whoever lay on top of him could wait for the host.</summary>
    public static bool IsGuest { get => _isGuest; set => _isGuest = value; }

    /// <summary>True where something waits that is shorter than the rest of this request.</summary>
    public bool HasShorter(Turn turn)
    {
        if (_count == 0)
        {
            return false;
        }

        lock (_gate)
        {
            return FirstBefore(turn, Now) >= 0;
        }
    }

    /// <summary>Runs what is shorter than the rest of this request, on the thread that asks.</summary>
    public void LetPass(Turn turn)
    {
        long now = Now;
        if (now - _yielded >= YieldNanoseconds)
        {
            Thread.Yield();
            _yielded = now;
        }

        if (_count == 0 || _isGuest || now - _looked < SliceNanoseconds)
        {
            return;
        }

        while (_depth < DepthMax && TakeBefore(turn, now) is { } piece)
        {
            turn.Spend(now - _since);
            _depth++;
            Run(piece);
            _depth--;
            now = _since = Now;
        }

        _looked = now;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private static void Run(Piece piece)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(piece.Turn);
        _since = _looked = Now;
        try
        {
            piece.Callback(piece.State);
        }
        finally
        {
            piece.Turn.Spend(Now - _since);
            piece.Turn.Count(-1);
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private void Work()
    {
        Niceness.Lower();
        while (Next() is { } piece)
        {
            Run(piece);
        }
    }

    private Piece? Next()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_isDisposed)
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }

            return TakeAt(First(Now, null));
        }
    }

    private Piece? TakeBefore(Turn turn, long now)
    {
        lock (_gate)
        {
            return FirstBefore(turn, now) is var first and >= 0 ? TakeAt(first) : null;
        }
    }

    // The place of what comes before the rest of this request; negative where nothing does.
    private int FirstBefore(Turn turn, long now) =>
        First(now, turn) is var first and >= 0 && _waiting[first].Rank(now) < turn.Remaining ? first : -1;

    // Few wait at a time, and waiting changes their order: looking at all is the simplest way that is right.
    private int First(long now, Turn? except)
    {
        int first = -1;
        long least = long.MaxValue;
        for (int place = 0; place < _waiting.Count; place++)
        {
            Piece piece = _waiting[place];
            if (piece.Turn != except && piece.Rank(now) is var rank && rank < least)
            {
                (first, least) = (place, rank);
            }
        }

        return first;
    }

    private Piece TakeAt(int place)
    {
        Piece piece = _waiting[place];
        _waiting[place] = _waiting[^1];
        _waiting.RemoveAt(_waiting.Count - 1);
        _count = _waiting.Count;
        return piece;
    }
}
