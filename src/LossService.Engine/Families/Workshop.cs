using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What a computation may use: buffers, threads, and a sign that nobody waits for it any more.</summary>
/// <param name="Pool">Where tensors and scratch are rented.</param>
/// <param name="Threads">How many threads one request may use, this one included.</param>
/// <param name="Cancelled">Heeded by <see cref="Poll"/>.</param>
public sealed record Workshop(TensorPool Pool, int Threads = 1, CancellationToken Cancelled = default)
{
    /// <summary>Called at every poll, from whichever thread polls; a test counts from here, or cancels.</summary>
    internal Action? Polling { get; init; }

    /// <summary>Stops the computation if nobody waits for it any more; called before every block.</summary>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public void Poll()
    {
        Polling?.Invoke();
        Cancelled.ThrowIfCancellationRequested();
    }
}
