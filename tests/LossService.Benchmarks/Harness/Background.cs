namespace LossService.Benchmarks.Harness;

/// <summary>Load that must not stand in the way of who measures: it shares a processor with him.</summary>
internal static class Background
{
    /// <summary>What starts a program in the same way.</summary>
    public static readonly (string Name, string[] Arguments) Starter = ("chrt", ["--idle", "0"]);

    /// <summary>From now on the calling thread runs only while no other wants its processor. A thread that is merely nice
    /// keeps it until the next tick of the system's clock, which is 4 ms long here: latencies that a client measures beside
    /// it are its own.</summary>
    public static void Enter()
    {
        if (OperatingSystem.IsLinux() && !Scheduling.Enter(Scheduling.Policy.Idle))
        {
            throw new InvalidOperationException("sched_setscheduler was refused.");
        }
    }

    /// <summary>Starts work on a thread of its own that has entered.</summary>
    public static Task Start(Action work) => Task.Factory.StartNew(
        () =>
        {
            Enter();
            work();
        },
        TaskCreationOptions.LongRunning);
}
