using System.Diagnostics;

namespace LossService.Tests.Api.Connections;

/// <summary>A clock that moves only when a test says so, and says when somebody waits for it.</summary>
internal sealed class StandingClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Waiting> _waiting = [];
    private TaskCompletionSource _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _now = TimeSpan.TicksPerDay;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are set.</summary>
    public int Timers
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>How many timers ever were.</summary>
    public int TimersEver { get; private set; }

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    /// <summary>Ends once a timer is set.</summary>
    public async Task UntilAwaitedAsync()
    {
        Task awaited;
        lock (_lock)
        {
            awaited = _awaited.Task;
        }

        await awaited.WaitAsync(TimeSpan.FromMinutes(1));
    }

    /// <summary>Ends once no timer is left.</summary>
    public async Task UntilForgottenAsync()
    {
        for (int attempt = 0; attempt < 3000 && Timers != 0; attempt++)
        {
            await Task.Delay(10);
        }

        if (Timers != 0)
        {
            throw new UnreachableException("a timer outlived what it was set for");
        }
    }

    /// <summary>Lets time pass, and with it the timers that were due.</summary>
    public void Advance(TimeSpan time)
    {
        long now = Interlocked.Add(ref _now, time.Ticks);
        Waiting[] due;
        lock (_lock)
        {
            due = [.. _waiting.Where(one => one.Due <= now)];
            foreach (Waiting one in due)
            {
                Forget(one);
            }
        }

        foreach (Waiting one in due)
        {
            one.Callback(one.State);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Waiting(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Forget(Waiting one)
    {
        if (_waiting.Remove(one) && _waiting.Count == 0)
        {
            _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Waiting(StandingClock clock, TimerCallback callback, object? state) : ITimer
    {
        public TimerCallback Callback => callback;

        public object? State => state;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock.Forget(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock.GetTimestamp() + dueTime.Ticks;
                    clock._waiting.Add(this);
                    clock.TimersEver++;
                    clock._awaited.TrySetResult();
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                clock.Forget(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
