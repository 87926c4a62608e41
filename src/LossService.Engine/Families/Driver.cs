using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Work cut into blocks that may run in any order and on any thread; only the sums of blocks join
/// them.</summary>
/// <remarks>The cut depends on lengths alone, never on threads or vector widths, so the sums have the same bits
/// everywhere. A block is also the unit of cancellation: some microseconds, unless it polls within.</remarks>
internal abstract class Driver
{
    /// <summary>Items in a block of elements: small enough for L1, long enough to hide its overhead.</summary>
    public const int BlockItems = 2048;

    /// <summary>How many blocks there are.</summary>
    public abstract int Blocks { get; }

    /// <summary>Below this many blocks a second thread costs more than it brings.</summary>
    protected virtual int BlocksPerThread => 8;

    /// <summary>Computes one block; two blocks never write the same place.</summary>
    public abstract void Run(int block, Scratch scratch);

    /// <summary>Runs every block, polling for cancellation before each.</summary>
    public void RunAll(Workshop workshop)
    {
        int threads = Math.Min(workshop.Threads, Blocks / BlocksPerThread);
        if (threads <= 1)
        {
            using var scratch = new Scratch(workshop.Pool);
            for (int block = 0; block < Blocks; block++)
            {
                workshop.Poll();
                Run(block, scratch);
            }

        }
        else
        {
            RunShared(workshop, threads);
        }
    }

    // Apart from the way of one thread, which would pay for the closure too.
    private void RunShared(Workshop workshop, int threads)
    {
        int next = -1;
        workshop.Share(threads, () =>
        {
            using var scratch = new Scratch(workshop.Pool);
            for (int block = Interlocked.Increment(ref next); block < Blocks; block = Interlocked.Increment(ref next))
            {
                workshop.Poll();
                Run(block, scratch);
                if (workshop.Crew is { IsWantedElsewhere: true })
                {
                    return; // whoever began the computation takes the rest
                }
            }
        });
    }
}
