using System.Runtime.InteropServices;

namespace LossService.Benchmarks.Harness;

/// <summary>How Linux chooses between threads that share a processor, for the thread that calls.</summary>
internal static partial class Scheduling
{
    private const int Caller = 0;

    /// <summary>A class of threads, and its number in &lt;sched.h&gt;.</summary>
    public enum Policy
    {
        /// <summary>Before all others but those that are of it, too, until they wait.</summary>
        Fifo = 1,

        /// <summary>Only while no other wants the processor.</summary>
        Idle = 5,
    }

    /// <summary>Puts the calling thread into a class.</summary>
    /// <returns>False where that is not allowed, or not Linux.</returns>
    public static bool Enter(Policy policy) =>
        OperatingSystem.IsLinux() && SetScheduler(Caller, (int)policy, policy == Policy.Fifo ? 1 : 0) == 0;

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetScheduler(int thread, int policy, in int priority);
}
