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
    public static int Find(ReadOnlySpan<byte> text, ref int from, Span<int> ends, out bool closed)
    {
        ref int first = ref MemoryMarshal.GetReference(ends);
        int count = 0;
        closed = false;
        while (from < text.Length && count <= ends.Length - BufferSlack && !closed)
        {
            ulong found = text.Length - from >= BlockBytes
                ? Separators(ref Unsafe.Add(ref MemoryMarshal.GetReference(text), from), out ulong brackets)
                : SeparatorsOfLast(text[from..], out brackets);
            // Commas behind the first bracket belong to something else.
            found &= brackets ^ (brackets - 1);
            closed = brackets != 0;
            Store(found, from, ref Unsafe.Add(ref first, count));
            count += BitOperations.PopCount(found);
            from += BlockBytes;
        }
        return count;
    }

    private static ulong SeparatorsOfLast(ReadOnlySpan<byte> text, out ulong brackets)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        text.CopyTo(block);
        block[text.Length..].Clear();
        return Separators(ref MemoryMarshal.GetReference(block), out brackets);
    }

    // One bit a byte: brackets, and the commas and brackets together.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Separators(ref byte block, out ulong brackets)
    {
        Vector256<byte> comma = Vector256.Create((byte)',');
        Vector256<byte> bracket = Vector256.Create((byte)']');
        Vector256<byte> low = Vector256.LoadUnsafe(ref block);
        Vector256<byte> high = Vector256.LoadUnsafe(ref block, 32);
        brackets = Bits(Vector256.Equals(low, bracket), Vector256.Equals(high, bracket));
        return brackets | Bits(Vector256.Equals(low, comma), Vector256.Equals(high, comma));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Bits(Vector256<byte> low, Vector256<byte> high) =>
        low.ExtractMostSignificantBits() | ((ulong)high.ExtractMostSignificantBits() << 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ulong found, int from, ref int ends)
    {
        for (int i = 0; i < StoredAtOnce; i++)
        {
            Unsafe.Add(ref ends, i) = from + BitOperations.TrailingZeroCount(found);
            found &= found - 1;
        }
        for (int i = StoredAtOnce; found != 0; i++)
        {
            Unsafe.Add(ref ends, i) = from + BitOperations.TrailingZeroCount(found);
            found &= found - 1;
        }
    }
}
