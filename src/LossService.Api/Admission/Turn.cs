using System.Net;
using System.Runtime.ExceptionServices;
using LossService.Engine;
using LossService.Engine.Families;
using LossService.Wire;

namespace LossService.Api.Admission;

/// <summary>One large request's claim on the compute threads. Whatever of it awaits goes on there, since this is the
/// request's synchronization context; its computation shares blocks among them and lets shorter requests
/// pass.</summary>
internal sealed class Turn(ComputeThreads threads, Codec codec, long price, IPAddress? caller)
    : SynchronizationContext, ICrew, IDisposable
{
    private readonly long _opened = ComputeThreads.Now;
    private long _price = Nanoseconds(price);
    private long _used;
    private int _pieces;

    /// <summary>From where the request came.</summary>
    public IPAddress? Caller { get; } = caller;

    /// <summary>From when on its waiting counts: when those that its caller sent before it would be done.</summary>
    public long AgesFrom { get; init; }

    /// <summary>True while something of it waits for a thread or has one; false while it waits for its
    /// client.</summary>
    public bool IsRunnable => Volatile.Read(ref _pieces) > 0;

    /// <summary>The nanoseconds of one thread that it still needs. A request that took longer than its price is as long
    /// as it has taken: the longer it goes on, the later it is done.</summary>
    public long Remaining
    {
        get
        {
            long used = Used;
            long price = Interlocked.Read(ref _price);
            return price > used ? price - used : used;
        }
    }

    /// <summary>How long it has been there, in nanoseconds.</summary>
    public long Age => ComputeThreads.Now - _opened;

    /// <summary>Corrects the price, once the shapes are known.</summary>
    /// <returns>The price, in steps.</returns>
    public long Reprice(Loss loss, LossRequest request)
    {
        long price = Price.OfRequest(loss, request, codec);
        Interlocked.Exchange(ref _price, Nanoseconds(price));
        IsPriced = true;
        return price;
    }

    /// <summary>True once the price is that of the shapes.</summary>
    public bool IsPriced { get; private set; }

    /// <summary>The price in nanoseconds as it was before the body was read.</summary>
    public long FirstPrice { get; } = Nanoseconds(price);

    /// <summary>True when that was reckoned, from the length of the body, and not merely assumed.</summary>
    public bool IsForetold { get; init; }

    /// <summary>The nanoseconds that threads have spent on it.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>Counts time that a thread spent on it.</summary>
    public void Spend(long nanoseconds) => Interlocked.Add(ref _used, nanoseconds);

    /// <summary>Counts pieces that wait or run: one more, or one less.</summary>
    public void Count(int change) => Interlocked.Add(ref _pieces, change);

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state) => threads.Enqueue(new(this, d, state));

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Nobody waits for a turn.");

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    /// <inheritdoc/>
    public bool IsWantedElsewhere => ComputeThreads.IsGuest && threads.HasShorter(this);

    /// <inheritdoc/>
    public void Pause() => threads.LetPass(this);

    /// <inheritdoc/>
    public void Share(int threads, Action work)
    {
        var party = new Party(work);
        for (int guest = 1; guest < threads; guest++)
        {
            Post(static party => ((Party)party!).Visit(), party);
        }

        party.Join();
        party.Close();
    }

    /// <inheritdoc/>
    public void Dispose() => threads.Close(this);

    private static long Nanoseconds(long price) => price * Price.StepNanoseconds;

    /// <summary>Work that several threads do together; one who comes when it is over does nothing.</summary>
    private sealed class Party(Action work)
    {
        private readonly object _gate = new();
        private int _running;
        private bool _isOver;
        private Exception? _thrown;

        public void Visit()
        {
            ComputeThreads.IsGuest = true;
            Join();
            ComputeThreads.IsGuest = false;
        }

        public void Join()
        {
            lock (_gate)
            {
                if (_isOver)
                {
                    return;
                }

                _running++;
            }

            try
            {
                work();
            }
#pragma warning disable CA1031 // It is thrown again where the computation began.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _thrown, thrown, null);
            }

            lock (_gate)
            {
                _running--;
                Monitor.PulseAll(_gate);
            }
        }

        public void Close()
        {
            lock (_gate)
            {
                _isOver = true;
                while (_running > 0)
                {
                    Monitor.Wait(_gate);
                }
            }

            if (_thrown is not null)
            {
                ExceptionDispatchInfo.Throw(_thrown);
            }
        }
    }
}
