using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>Writes past the caches, where a plain store would first read the line that it replaces.</summary>
internal static class Streams
{
    /// <summary>From this size on a tensor does not stay in a cache of any machine that we know, and whoever reads it
    /// next fetches it from memory anyway. Smaller ones are written plainly: their reader finds them near.</summary>
    public const int BytesMin = 32 << 20;

    /// <summary>Copies numbers to a place in a pool's block that is aligned to a vector.</summary>
    /// <remarks>These stores reach other threads late, but not after a locked instruction: every hand-over of work
    /// contains one.</remarks>
    public static unsafe void Write<T>(ReadOnlySpan<T> numbers, Span<T> destination) where T : unmanaged
    {
        fixed (T* to = destination)
        {
            Debug.Assert((nuint)to % (nuint)Unsafe.SizeOf<Vector256<T>>() == 0, "a block of a tensor is aligned");
            int i = 0;
            for (; i <= numbers.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            {
                Vector256.Create(numbers.Slice(i, Vector256<T>.Count)).StoreAlignedNonTemporal(to + i);
            }

            numbers[i..].CopyTo(destination[i..]);
        }
    }
}
