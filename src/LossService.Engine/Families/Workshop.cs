using System.Runtime.ExceptionServices;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What a computation may use: buffers, threads, and a sign that nobody waits for it any more.</summary>
/// <param name="Pool">Where tensors and scratch are rented.</param>
/// <param name="Threads">How many threads one request may use, this one included.</param>
/// <param name="Cancelled">Heeded by <see cref="Poll"/>.</param>
public sealed record Workshop(TensorPool Pool, int Threads = 1, CancellationToken Cancelled = default)
{
    /// <summary>Whose threads they are; null for those of the runtime's pool.</summary>
    public ICrew? Crew { get; init; }

    /// <summary>Called at every poll, from whichever thread polls; a test counts from here, or cancels.</summary>
    internal Action? Polling { get; init; }

    /// <summary>Stops the computation if nobody waits for it any more, and lets shorter ones pass; called before every
    /// block.</summary>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public void Poll()
    {
        Polling?.Invoke();
        Cancelled.ThrowIfCancellationRequested();
        Crew?.Pause();
    }

    /// <summary>Runs <paramref name="work"/> on several threads at once, this one included, and returns when all have
    /// ended; what one of them throws is thrown here.</summary>
    internal void Share(int threads, Action work)
    {
        if (Crew is { } crew)
        {
            crew.Share(threads, work);
            return;
        }

        try
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => work());
        }
        catch (AggregateException several)
        {
            // A caller sees what one thread would have thrown.
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }
    }
}
