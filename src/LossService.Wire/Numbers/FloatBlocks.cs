using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Wire.Numbers;

/// <summary>Floats to text in blocks: first the digits of sixteen by vectors, then their texts one after the other,
/// each by one shuffle and one store, whatever its sign, length and form. Needs AVX2; elsewhere numbers are written one
/// by one, to the same text.</summary>
internal static class FloatBlocks
{
    private const int BlockLength = 16;

    // A block is taken apart by whole vectors.
    private const int Lanes = 4;

    // The longest text and a comma.
    private const int BytesMax = 17;

    // Below this a block is not worth it.
    private const int LengthMin = 3;

    /// <summary>Writes what it can with a comma behind each, up to a number that is not finite, or to where room is
    /// scarce.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="destination">What lies behind the bytes written may be overwritten.</param>
    /// <param name="bytesWritten">The length of the text, commas included.</param>
    /// <returns>How many were written.</returns>
    [SkipLocalsInit]
    public static int Write(ReadOnlySpan<float> values, Span<byte> destination, out int bytesWritten)
    {
        Span<Vector128<byte>> sources = stackalloc Vector128<byte>[BlockLength];
        Span<ulong> rows = stackalloc ulong[BlockLength];
        Span<float> padded = stackalloc float[BlockLength];
        int written = 0;
        int at = 0;
        while (true)
        {
            int room = (destination.Length - at - NumberWriter.RoomMin) / BytesMax;
            int wanted = Math.Min(BlockLength, Math.Min(room, values.Length - written));
            if (wanted < LengthMin)
            {
                break;
            }
            scoped ReadOnlySpan<float> block = values[written..];
            int whole = (wanted + Lanes - 1) & -Lanes;
            if (block.Length < whole)
            {
                padded[..whole].Clear();
                block.CopyTo(padded);
                block = padded;
            }
            int count = Math.Min(wanted, Prepare(block[..whole], sources, rows));
            at += Emit(block[..count], ref MemoryMarshal.GetReference(sources), ref MemoryMarshal.GetReference(rows),
                ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), at));
            written += count;
            if (count < wanted)
            {
                break;
            }
        }
        bytesWritten = at;
        return written;
    }

    // Takes a block apart; returns how many of it are finite up to the first that is not.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Prepare(ReadOnlySpan<float> block, Span<Vector128<byte>> sources, Span<ulong> rows)
    {
        uint undecided = 0;
        for (int i = 0; i < block.Length; i += Lanes)
        {
            undecided |= ShortestLanes.Take(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(block), i),
                ref Unsafe.Add(ref MemoryMarshal.GetReference(sources), i),
                ref Unsafe.Add(ref MemoryMarshal.GetReference(rows), i)) << i;
        }
        for (; undecided != 0; undecided &= undecided - 1)
        {
            int i = BitOperations.TrailingZeroCount(undecided);
            if (!float.IsFinite(block[i]))
            {
                return i;
            }
            Decide(block[i], out sources[i], out rows[i]);
        }
        return block.Length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Decide(float value, out Vector128<byte> source, out ulong row)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(value) & int.MaxValue;
        uint digits = (uint)Schubfach.Shortest<float, Binary32>(magnitude, out int power);
        for (; digits < 100_000_000; power--)
        {
            digits *= 10;
        }
        ShortestLanes.Spread(digits, out source);
        row = TextRows.RowBytes * (ulong)(power + 8 - TextRows.ExponentMin);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Emit(
        ReadOnlySpan<float> block, ref Vector128<byte> sources, ref ulong rows, ref byte destination)
    {
        ref byte text = ref destination;
        for (int i = 0; i < block.Length; i++)
        {
            ref byte row = ref Unsafe.Add(ref TextRows.First, (nuint)Unsafe.Add(ref rows, i));
            Vector128<byte> source = Unsafe.Add(ref sources, i);
            text = (byte)'-';
            text = ref Unsafe.Add(ref text, BitConverter.SingleToUInt32Bits(block[i]) >> 31);
            Ssse3.Shuffle(source, Vector128.LoadUnsafe(ref row)).StoreUnsafe(ref text);

            ulong digits = source.AsUInt64().ToScalar() ^ ShortestLanes.Zeros;
            nuint zeros = (nuint)BitOperations.LeadingZeroCount(digits) >> 3;
            text = ref Unsafe.Add(ref text, Unsafe.Add(ref row, TextRows.Lengths + zeros));
            Unsafe.WriteUnaligned(ref text, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref row, TextRows.Suffix)));
            text = ref Unsafe.Add(ref text, Unsafe.Add(ref row, TextRows.SuffixLength));
        }
        return (int)Unsafe.ByteOffset(ref destination, ref text);
    }
}
