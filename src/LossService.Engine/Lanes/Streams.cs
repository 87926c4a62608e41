using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>Writes past the caches, where a plain store would first read the line that it replaces: a third of the
/// traffic of a large gradient.</summary>
internal static class Streams
{
    /// <summary>Results from this size on are streamed: with what they are made from they would fill a last-level
    /// cache, so that whoever reads them next fetches them from memory anyway.</summary>
    public const int BytesMin = 16 << 20;

    /// <summary>True for a tensor of so many bytes.</summary>
    public static bool Suit(int bytes) => bytes >= BytesMin;

    /// <summary>Copies numbers to their place in a pool's tensor, which may begin anywhere.</summary>
    /// <remarks>These stores reach other threads late, but not after a locked instruction: every hand-over of work
    /// contains one.</remarks>
    public static unsafe void Write<T>(ReadOnlySpan<T> numbers, Span<T> destination) where T : unmanaged
    {
        fixed (T* to = destination[..numbers.Length])
        {
            nuint vector = (nuint)Unsafe.SizeOf<Vector256<T>>();
            int i = Math.Min(numbers.Length, (int)((vector - ((nuint)to % vector)) % vector) / sizeof(T));
            numbers[..i].CopyTo(destination);
            ref T from = ref MemoryMarshal.GetReference(numbers);
            for (; i <= numbers.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            {
                Vector256.LoadUnsafe(ref from, (nuint)i).StoreAlignedNonTemporal(to + i);
            }

            numbers[i..].CopyTo(destination[i..]);
        }
    }
}
