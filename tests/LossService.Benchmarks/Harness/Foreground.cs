namespace LossService.Benchmarks.Harness;

/// <summary>Who measures: he comes before all that shares his processor.</summary>
/// <remarks>Not only the threads that he begins with: the runtime gives those that it adds to its pool the ordinary class,
/// and beside attackers of the lowest class an answer that had come lay there for 2.2 ms, until the attacker's slice was over
/// (<c>perf sched</c>).</remarks>
internal static class Foreground
{
    [ThreadStatic]
    private static bool _isIn;

    /// <summary>True while threads that ask for it come first.</summary>
    public static bool IsOn { get; set; }

    /// <summary>From now on the calling thread comes first, where that is allowed.</summary>
    public static void Enter()
    {
        if (IsOn && !_isIn)
        {
            _isIn = true;
            Scheduling.Enter(Scheduling.Policy.Fifo);
        }
    }
}
