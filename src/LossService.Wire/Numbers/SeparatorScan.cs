using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Wire.Numbers;

/// <summary>Finds where the numbers of a run end, 64 bytes at a time, so that the numbers themselves can then be read
/// independently of each other. After J. Langdale and D. Lemire, "Parsing gigabytes of JSON per second", 2019.
/// </summary>
internal static class SeparatorScan
{
    /// <summary>Bytes looked at in one step.</summary>
    public const int BlockBytes = 64;

    // Positions are stored this many at once, whether they exist or not: fewer mispredicted branches.
    private const int StoredAtOnce = 8;

    /// <summary>Room in the caller's buffer beyond which no further block is started.</summary>
    public const int BufferSlack = BlockBytes + StoredAtOnce;

    /// <summary>Stores the positions of commas, and of the first closing bracket as the last one.</summary>
    /// <param name="text">Text to look at.</param>
    /// <param name="from">Where to start; then where to go on.</param>
    /// <param name="ends">Takes positions in <paramref name="text"/>; longer than <see cref="BufferSlack"/>.</param>
    /// <param name="closed">The last position is that of a closing bracket.</param>
    /// <returns>How many positions were stored.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Find(ReadOnlySpan<byte> text, ref int from, Span<int> ends, out bool closed)
    {
        Span<byte> last = stackalloc byte[BlockBytes];
        ref int first = ref MemoryMarshal.GetReference(ends);
        int at = from;
        int count = 0;
        ulong brackets = 0;
        while (at < text.Length && count <= ends.Length - BufferSlack && brackets == 0)
        {
            scoped ref byte block = ref Unsafe.Add(ref MemoryMarshal.GetReference(text), at);
            if (text.Length - at < BlockBytes)
            {
                text[at..].CopyTo(last);
                block = ref MemoryMarshal.GetReference(last);
            }
            Vector256<byte> low = Vector256.LoadUnsafe(ref block);
            Vector256<byte> high = Vector256.LoadUnsafe(ref block, 32);
            brackets = Positions(low, high, (byte)']');
            ulong found = brackets | Positions(low, high, (byte)',');

            // Commas behind the first bracket belong to something else.
            found &= brackets ^ (brackets - 1);
            Store(found, at, ref Unsafe.Add(ref first, count));
            count += BitOperations.PopCount(found);
            at += BlockBytes;
        }
        from = at;
        closed = brackets != 0;
        return count;
    }

    // One bit a byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Positions(Vector256<byte> low, Vector256<byte> high, byte wanted) =>
        Vector256.Equals(low, Vector256.Create(wanted)).ExtractMostSignificantBits()
        | ((ulong)Vector256.Equals(high, Vector256.Create(wanted)).ExtractMostSignificantBits() << 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ulong found, int from, ref int ends)
    {
        do
        {
            // Written out: the compiler does not unroll it.
            StoreFour(ref found, from, ref ends);
            StoreFour(ref found, from, ref Unsafe.Add(ref ends, StoredAtOnce / 2));
            ends = ref Unsafe.Add(ref ends, StoredAtOnce);
        }
        while (found != 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(ref ulong found, int from, ref int ends)
    {
        ulong rest = found;
        ends = from + BitOperations.TrailingZeroCount(rest);
        rest &= rest - 1;
        Unsafe.Add(ref ends, 1) = from + BitOperations.TrailingZeroCount(rest);
        rest &= rest - 1;
        Unsafe.Add(ref ends, 2) = from + BitOperations.TrailingZeroCount(rest);
        rest &= rest - 1;
        Unsafe.Add(ref ends, 3) = from + BitOperations.TrailingZeroCount(rest);
        found = rest & (rest - 1);
    }
}
