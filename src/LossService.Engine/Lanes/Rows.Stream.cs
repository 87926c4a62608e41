using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>Rows written past the caches, where a plain store would first read the line that it replaces: a third of
/// the traffic of a large gradient.</summary>
internal static partial class Rows
{
    /// <summary>Results from this size on are streamed: with what they are made from they would fill a last-level
    /// cache, so that whoever reads them next fetches them from memory anyway.</summary>
    public const int StreamBytesMin = 16 << 20;

    /// <summary>Copies a row of a pool's tensor to its place, which may begin anywhere.</summary>
    /// <remarks>These stores reach other threads late, but not after a locked instruction: every hand-over of work
    /// contains one.</remarks>
    public static unsafe void Stream<T>(ReadOnlySpan<T> row, Span<T> destination) where T : unmanaged
    {
        fixed (T* to = destination[..row.Length])
        {
            nuint vector = (nuint)Unsafe.SizeOf<Vector256<T>>();
            int i = Math.Min(row.Length, (int)((vector - ((nuint)to % vector)) % vector) / sizeof(T));
            row[..i].CopyTo(destination);
            for (; i <= row.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            {
                Vector256.Create(row.Slice(i, Vector256<T>.Count)).StoreAlignedNonTemporal(to + i);
            }

            row[i..].CopyTo(destination[i..]);
        }
    }
}
