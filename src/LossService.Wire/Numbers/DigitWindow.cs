using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Wire.Numbers;

/// <summary>Takes the digits of one number out of the bytes before its end, without a loop: one vector load, the point
/// squeezed out, then pairs, fours and eights of digits at once. Only what is wrong takes a branch. Little-endian only.
/// </summary>
internal static class DigitWindow
{
    /// <summary>The bytes before a number's end that must be readable.</summary>
    public const int Reach = 33;

    // Added to a digit it stays below 0x80; added to anything else it does not, because the sum saturates.
    private const byte DigitToPositive = 0x7F - 9;

    private const byte PointMinusZero = unchecked((byte)('.' - '0'));

    // Loaded at (32 - n), any vector of it is set from byte n on.
    private static ReadOnlySpan<byte> SetFrom =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ];

    /// <summary>Takes an unsigned number without exponent of 1 to 16 bytes.</summary>
    /// <param name="end">The byte behind it; <see cref="Reach"/> bytes before it are readable.</param>
    /// <param name="length">Its length.</param>
    /// <param name="digits">Its digits without the point, one a byte, the last one in the last byte.</param>
    /// <param name="fraction">The number of digits behind the point, 0 to 15 in any case.</param>
    /// <returns>Whether it is such a number.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryTake16(ref byte end, nint length, out Vector128<byte> digits, out nint fraction)
    {
        ref byte setFrom = ref MemoryMarshal.GetReference(SetFrom);
        Vector128<byte> inside = Vector128.LoadUnsafe(ref Unsafe.Add(ref setFrom, 16 + length));
        digits = (Vector128.LoadUnsafe(ref Unsafe.Subtract(ref end, 16)) - Vector128.Create((byte)'0')) & inside;
        uint others = Vector128.AddSaturate(digits, Vector128.Create(DigitToPositive)).ExtractMostSignificantBits();
        uint points = Vector128.Equals(digits, Vector128.Create(PointMinusZero)).ExtractMostSignificantBits();

        // Seen from the end: 16 to 31 bits before the point, 32 if there is none. What stands before the point moves
        // on by a byte.
        nint behind = BitOperations.LeadingZeroCount(others);
        fraction = behind & 15;
        Vector128<byte> before = Vector128.Create((byte)255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
        Vector128<byte> source = before - Vector128.LoadUnsafe(ref Unsafe.Add(ref setFrom, behind));
        digits = Ssse3.IsSupported ? Ssse3.Shuffle(digits, source) : Vector128.Shuffle(digits, source);
        return IsRight(ref Unsafe.Subtract(ref end, length), others, points, 1U << 15);
    }

    /// <summary>Reads an unsigned number without exponent of 1 to 32 bytes and at most 19 digits, zeros in front not
    /// counted.</summary>
    /// <param name="end">The byte behind it; <see cref="Reach"/> bytes before it are readable.</param>
    /// <param name="length">Its length.</param>
    /// <param name="significand">All its digits as an integer, if it is such a number.</param>
    /// <param name="fraction">The number of digits behind the point, 0 to 31 in any case.</param>
    /// <returns>Whether it is such a number.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead32(ref byte end, nint length, out ulong significand, out nint fraction)
    {
        ref byte setFrom = ref MemoryMarshal.GetReference(SetFrom);
        Vector256<byte> zero = Vector256.Create((byte)'0');
        Vector256<byte> inside = Vector256.LoadUnsafe(ref Unsafe.Add(ref setFrom, length));
        Vector256<byte> digits = (Vector256.LoadUnsafe(ref Unsafe.Subtract(ref end, 32)) - zero) & inside;
        uint others = Vector256.AddSaturate(digits, Vector256.Create(DigitToPositive)).ExtractMostSignificantBits();
        uint points = Vector256.Equals(digits, Vector256.Create(PointMinusZero)).ExtractMostSignificantBits();

        nint behind = BitOperations.LeadingZeroCount(others);
        fraction = behind & 31;
        Vector256<byte> insideShifted = Vector256.LoadUnsafe(ref Unsafe.Add(ref setFrom, length - 1));
        Vector256<byte> shifted = (Vector256.LoadUnsafe(ref Unsafe.Subtract(ref end, 33)) - zero) & insideShifted;
        Vector256<byte> behindPoint = Vector256.LoadUnsafe(ref Unsafe.Add(ref setFrom, behind));
        digits = Avx2.IsSupported ? Avx2.BlendVariable(shifted, digits, behindPoint)
            : Vector256.ConditionalSelect(behindPoint, digits, shifted);
        bool fits = TryJoin(digits, out significand);
        return IsRight(ref Unsafe.Subtract(ref end, length), others, points, 1U << 31) && fits;
    }

    /// <summary>Sixteen digits as a double, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ToDouble(Vector128<byte> digits)
    {
        if (Sse41.IsSupported)
        {
            // The product is exact: it has 46 bits above 2^8.
            Vector128<double> halves = Sse2.ConvertToVector128Double(Eights(digits)) * Vector128.Create(1e8, 1);
            return halves[0] + halves[1];
        }
        return (long)Sixteen(digits);
    }

    // Whether the only byte that is no digit is a point between digits, and no zero stands in front of a digit. Each
    // mask has one bit a byte of the window, the last byte's being the highest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsRight(ref byte first, uint others, uint points, uint last)
    {
        // Of all that can stand behind a zero only digits have these two bits of the second byte like this.
        const int DigitMask = 0x5000;
        const int Digit = 0x1000;
        int two = Unsafe.ReadUnaligned<ushort>(ref first);
        return others == points && (others & (others - 1)) == 0 && (others & last) == 0
            && (byte)two != '.' && (two & (DigitMask | 0xFF)) != (Digit | '0');
    }

    // At most 19 digits out of 32.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryJoin(Vector256<byte> digits, out ulong significand)
    {
        if (Avx2.IsSupported)
        {
            Vector256<short> pairs = Avx2.MultiplyAddAdjacent(digits, Vector256.Create((ushort)0x010A).AsSByte());
            Vector256<int> fours = Avx2.MultiplyAddAdjacent(pairs, Vector256.Create(0x0001_0064).AsInt16());
            Vector256<short> packed = Avx2.PackUnsignedSaturate(fours, fours).AsInt16();
            Vector256<ulong> eights =
                Avx2.MultiplyAddAdjacent(packed, Vector256.Create(0x0001_2710).AsInt16()).AsUInt64();

            // The first eight digits below the second eight, and turned round.
            ulong front = BitOperations.RotateLeft(eights.GetLower().ToScalar(), 32);
            ulong both = eights.GetUpper().ToScalar();
            significand = (front * 10_000_000_000_000_000) + ((uint)both * 100_000_000UL) + (both >> 32);
            return front < 1_000;
        }
        ulong high = Eight(digits.AsUInt64()[1]);
        significand = (high * 10_000_000_000_000_000) + Sixteen(digits.GetUpper());
        return digits.AsUInt64()[0] == 0 && high < 1_000;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Eights(Vector128<byte> digits)
    {
        Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((ushort)0x010A).AsSByte());
        Vector128<int> fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(0x0001_0064).AsInt16());
        Vector128<short> packed = Sse41.PackUnsignedSaturate(fours, fours).AsInt16();
        return Sse2.MultiplyAddAdjacent(packed, Vector128.Create(0x0001_2710).AsInt16());
    }

    // Sixteen digits, one a byte, the first in the lowest byte.
    private static ulong Sixteen(Vector128<byte> digits) =>
        (Eight(digits.AsUInt64()[0]) * 100_000_000) + Eight(digits.AsUInt64()[1]);

    // Eight digits, one a byte, the first in the lowest byte.
    private static ulong Eight(ulong digits)
    {
        digits = (digits * 10) + (digits >> 8);
        ulong fours = ((digits & 0x000000FF000000FF) * 0x000F424000000064)
            + (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001);
        return fours >> 32;
    }
}
