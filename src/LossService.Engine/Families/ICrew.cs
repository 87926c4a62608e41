namespace LossService.Engine.Families;

/// <summary>The threads that a computation runs on, where its host has threads of its own for that: they share one
/// computation's blocks, and let a shorter one pass between two blocks of a longer one.</summary>
/// <remarks>While a request's body is read or its answer written, its crew is the thread's synchronization
/// context.</remarks>
public interface ICrew
{
    /// <summary>Runs <paramref name="work"/> on the calling thread and, as far as others are free, on them at the same
    /// time. Every call of it takes what is left to do; when this returns, none is running any more.</summary>
    /// <param name="threads">How many threads at most, the calling one included.</param>
    /// <param name="work">What each of them runs, once.</param>
    void Share(int threads, Action work);

    /// <summary>True on a thread that only helps and is wanted for something shorter: it takes no further
    /// block.</summary>
    bool IsWantedElsewhere { get; }

    /// <summary>Called between two blocks on every thread that computes; returns when it is this computation's turn
    /// again.</summary>
    void Pause();
}
