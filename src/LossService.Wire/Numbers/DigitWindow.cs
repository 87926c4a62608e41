using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Wire.Numbers;

/// <summary>Reads the digits of one number out of the bytes before its end, without a loop and without a branch: one
/// vector load, the point squeezed out by blending with a load one byte earlier, then pairs, fours and eights of digits
/// at once. Little-endian only.</summary>
internal static class DigitWindow
{
    /// <summary>The bytes before a number's end that must be readable.</summary>
    public const int Reach = 33;

    // Loaded at (32 - n), any vector of it is set from byte n on.
    private static ReadOnlySpan<byte> SetFrom =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ];

    /// <summary>Reads an unsigned number without exponent of 1 to 16 bytes.</summary>
    /// <param name="end">The byte behind it; <see cref="Reach"/> bytes before it are readable.</param>
    /// <param name="length">Its length.</param>
    /// <param name="significand">All its digits as an integer, if it is such a number.</param>
    /// <param name="fraction">The number of digits behind the point, 0 to 15 in any case.</param>
    /// <returns>Whether it is such a number.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead16(ref byte end, int length, out ulong significand, out int fraction)
    {
        Vector128<byte> text = Vector128.LoadUnsafe(ref Unsafe.Subtract(ref end, 16));
        Vector128<byte> shifted = Vector128.LoadUnsafe(ref Unsafe.Subtract(ref end, 17));
        Vector128<byte> zero = Vector128.Create((byte)'0');

        uint inside = uint.MaxValue << (16 - length);
        Vector128<byte> noDigit = Vector128.GreaterThan(text - zero, Vector128.Create((byte)9));
        uint others = noDigit.ExtractMostSignificantBits() & inside;
        uint points = Vector128.Equals(text, Vector128.Create((byte)'.')).ExtractMostSignificantBits();
        uint zeros = Vector128.Equals(text, zero).ExtractMostSignificantBits();
        ulong wrong = Wrong(inside, others, points, zeros, 1UL << 16);

        // Seen from the end: 16 to 31 bits before the point, 32 if there is none.
        int behind = BitOperations.LeadingZeroCount(others);
        fraction = behind & 15;
        ref byte setFrom = ref MemoryMarshal.GetReference(SetFrom);
        Vector128<byte> behindPoint = Vector128.LoadUnsafe(ref setFrom, (uint)behind);
        Vector128<byte> wanted = Vector128.LoadUnsafe(ref setFrom, (uint)(15 + length + (behind >> 5)));
        Vector128<byte> digits = (Vector128.ConditionalSelect(behindPoint, text, shifted) - zero) & wanted;
        significand = Sixteen(digits);
        return wrong == 0;
    }

    /// <summary>Reads an unsigned number without exponent of 1 to 32 bytes and at most 19 digits, zeros in front not
    /// counted; else as <see cref="TryRead16"/>, with a fraction of 0 to 31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead32(ref byte end, int length, out ulong significand, out int fraction)
    {
        Vector256<byte> text = Vector256.LoadUnsafe(ref Unsafe.Subtract(ref end, 32));
        Vector256<byte> shifted = Vector256.LoadUnsafe(ref Unsafe.Subtract(ref end, 33));
        Vector256<byte> zero = Vector256.Create((byte)'0');

        uint inside = uint.MaxValue << (32 - length);
        Vector256<byte> noDigit = Vector256.GreaterThan(text - zero, Vector256.Create((byte)9));
        uint others = noDigit.ExtractMostSignificantBits() & inside;
        uint points = Vector256.Equals(text, Vector256.Create((byte)'.')).ExtractMostSignificantBits();
        uint zeros = Vector256.Equals(text, zero).ExtractMostSignificantBits();
        ulong wrong = Wrong(inside, others, points, zeros, 1UL << 32);

        int behind = BitOperations.LeadingZeroCount(others);
        fraction = behind & 31;
        ref byte setFrom = ref MemoryMarshal.GetReference(SetFrom);
        Vector256<byte> behindPoint = Vector256.LoadUnsafe(ref setFrom, (uint)behind);
        Vector256<byte> wanted = Vector256.LoadUnsafe(ref setFrom, (uint)(length - 1 + (behind >> 5)));
        Vector256<byte> digits = (Vector256.ConditionalSelect(behindPoint, text, shifted) - zero) & wanted;
        ulong high = Eight(digits.GetLower().AsUInt64()[1]);
        significand = (high * 10_000_000_000_000_000) + Sixteen(digits.GetUpper());
        return wrong == 0 && digits.AsUInt64()[0] == 0 && high < 1_000;
    }

    // Bits that are set where the grammar is broken: a byte that is neither digit nor point, a second point, a point
    // first or last, a digit behind a zero in front. Each mask has one bit a byte, the last byte's below the end's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Wrong(ulong inside, ulong others, ulong points, ulong zeros, ulong end)
    {
        ulong first = inside & (0 - inside);
        return (others & ~points) | (others & (others - 1)) | (others & (first | (end >> 1)))
            | (zeros & first & ~((others | end) >> 1));
    }

    // Sixteen digits, one a byte, the first in the lowest byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Sixteen(Vector128<byte> digits)
    {
        if (Sse41.IsSupported)
        {
            Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((ushort)0x010A).AsSByte());
            Vector128<int> fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(0x0001_0064).AsInt16());
            Vector128<short> packed = Sse41.PackUnsignedSaturate(fours, fours).AsInt16();
            Vector128<int> eights = Sse2.MultiplyAddAdjacent(packed, Vector128.Create(0x0001_2710).AsInt16());
            ulong both = eights.AsUInt64().ToScalar();
            return ((uint)both * 100_000_000UL) + (both >> 32);
        }
        return (Eight(digits.AsUInt64()[0]) * 100_000_000) + Eight(digits.AsUInt64()[1]);
    }

    // Eight digits, one a byte, the first in the lowest byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Eight(ulong digits)
    {
        digits = (digits * 10) + (digits >> 8);
        ulong fours = ((digits & 0x000000FF000000FF) * 0x000F424000000064)
            + (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001);
        return fours >> 32;
    }
}
