using System.Runtime.InteropServices;

namespace LossService.Api.Admission;

/// <summary>Tells Linux that a thread can wait. There, the runtime's thread priorities mean nothing.</summary>
internal static partial class Niceness
{
    private const int OfProcess = 0; // PRIO_PROCESS, <sys/resource.h>; on Linux it means a thread
    private const uint Caller = 0;

    /// <summary>The most there is: a 68th of what a thread at 0 gets where both want the processor. A thread of the
    /// pool gives its place away whenever it finds nothing to do for a moment, and what this one then gets before it
    /// must give it back is in proportion.</summary>
    private const int Most = 19;

    // Between two moments at which others may have the processor.
    private const long TurnNanoseconds = 100_000;

    [ThreadStatic]
    private static long _gaveWay;

    /// <summary>Lowers the priority of the calling thread, which needs no right.</summary>
    public static void Lower()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = SetPriority(OfProcess, Caller, Most);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            // A C library of another name: all threads stay alike.
        }
    }

    /// <summary>Lets others have the processor, where that is due: a thread that Linux once chose stays until the next
    /// tick of its clock.</summary>
    /// <param name="now">By the clock of <see cref="ComputeThreads.Now"/>.</param>
    public static void GiveWay(long now)
    {
        if (now - _gaveWay >= TurnNanoseconds)
        {
            Thread.Yield();
            _gaveWay = now;
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, uint who, int priority);
}
