using System.IO.Pipelines;

namespace LossService.Api.Connections;

/// <summary>Reads that the server cancels, a few at a time. At a tick of its clock, each second, it ends all
/// connections whose time is over, and what is still to be done for each of them would come before everybody
/// else.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class CancelledReads
{
    /// <summary>One is cancelled at a time, and one more for each so many that wait: as many as <c>connections</c>
    /// allows by default take some 1,500 pauses.</summary>
    public const int Many = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<PipeReader> _waiting = [];
    private readonly ITimer _timer;

    /// <summary>Begins with nothing to cancel.</summary>
    /// <param name="clock">What the pauses are measured by.</param>
    public CancelledReads(TimeProvider clock) =>
        _timer = clock.CreateTimer(_ => CancelSome(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Between two times at which some are cancelled, at the least: the runtime's timers follow the system's
    /// tick, which is 1 to 10 ms long.</summary>
    public static TimeSpan Pause { get; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Has what a reader waits for, or will wait for next, cancelled soon.</summary>
    public void Add(PipeReader reader)
    {
        lock (_lock)
        {
            _waiting.Enqueue(reader);
            if (_waiting.Count == 1)
            {
                _timer.Change(Pause, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void CancelSome()
    {
        lock (_lock)
        {
            for (int left = 1 + (_waiting.Count / Many); left > 0 && _waiting.Count > 0; left--)
            {
                _waiting.Dequeue().CancelPendingRead();
            }

            if (_waiting.Count > 0)
            {
                _timer.Change(Pause, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
