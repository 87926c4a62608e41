using System.Collections.Concurrent;

namespace LossService.Tests.Api;

/// <summary>A clock that goes on, but whose timers do not end before they are let go.</summary>
internal sealed class HeldTimers : TimeProvider
{
    /// <summary>What was waited for.</summary>
    public ConcurrentQueue<TimeSpan> Set { get; } = new();

    /// <summary>True when those that are set from now on end at once: a service that has stopped stops again as it is disposed.</summary>
    public bool AreOver { get; set; }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Set.Enqueue(dueTime);
        return System.CreateTimer(callback, state, AreOver ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
    }
}
