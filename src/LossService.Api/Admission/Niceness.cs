using System.Runtime.InteropServices;

namespace LossService.Api.Admission;

/// <summary>Tells Linux that a thread can wait. There, the runtime's thread priorities mean nothing.</summary>
internal static partial class Niceness
{
    private const int OfProcess = 0; // PRIO_PROCESS, <sys/resource.h>; on Linux it means a thread
    private const uint Caller = 0;

    /// <summary>A tenth of the processor time where a thread at 0 wants it, too; such a thread goes first when it
    /// wakes.</summary>
    private const int Some = 10;

    /// <summary>Lowers the priority of the calling thread, which needs no right.</summary>
    public static void Lower()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = SetPriority(OfProcess, Caller, Some);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            // A C library of another name: all threads stay alike.
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, uint who, int priority);
}
