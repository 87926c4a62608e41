using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LossService.Engine.Lanes;

/// <summary>Tells the machine what will be read soon.</summary>
internal static class Cache
{
    /// <summary>Asks for a number's cache line. Only a hint: it may stand past the end of everything, and changes no
    /// bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Fetch<T>(ref T origin, nint offset) where T : unmanaged
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref origin, offset)));
        }
    }
}
