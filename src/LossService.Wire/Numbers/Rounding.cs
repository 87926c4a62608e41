using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace LossService.Wire.Numbers;

/// <summary>Decimal to binary, rounded once, to nearest, ties to even. Method: D. Lemire, "Number parsing at a gigabyte
/// per second", 2021 (Eisel-Lemire); that 64-bit significands need no fallback: N. Mushtak and D. Lemire, "Fast number
/// parsing without fallback", 2023.</summary>
internal static class Rounding
{
    /// <summary>The bits of the value nearest to the literal's magnitude, those of infinity if it overflows.</summary>
    public static ulong Nearest<T, TFormat>(scoped in Literal literal)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        ulong lower = Nearest<T, TFormat>(literal.Significand, literal.Exponent);
        if (!literal.Truncated)
        {
            return lower;
        }
        // The literal lies between its 19 digits and the next such number. If these two round alike, so does it; if
        // not, they round to neighbours, and the side of the middle on which the literal lies decides.
        ulong upper = Nearest<T, TFormat>(literal.Significand + 1, literal.Exponent);
        if (lower == upper)
        {
            return lower;
        }
        Debug.Assert(upper == lower + 1, "19 digits are finer than any format here");
        int side = Halfway.Compare<T, TFormat>(literal, lower);
        return side < 0 || (side == 0 && (lower & 1) == 0) ? lower : upper;
    }

    /// <summary>The bits of the value nearest to significand × 10^power, those of infinity if it overflows.</summary>
    public static ulong Nearest<T, TFormat>(ulong significand, int power)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int bits = TFormat.SignificandBits;
        ulong infinity = (ulong)TFormat.ExponentMax << bits;
        if (significand == 0 || power < TFormat.PowerMin)
        {
            return 0;
        }
        if (power > TFormat.PowerMax)
        {
            return infinity;
        }
        int shift = BitOperations.LeadingZeroCount(significand);
        ulong high = Product(significand << shift, power, bits + 3, out ulong low);

        // The product starts with 1 or with 01. Keep the significand, its leading one, one bit to round with and one
        // more that a leading zero may take.
        int upperBit = (int)(high >> 63);
        int dropped = upperBit + 64 - bits - 3;
        ulong kept = high >> dropped;
        int exponent = PowersOfFive.Log2(power) + 63 + upperBit - shift + (TFormat.ExponentMax >> 1);
        if (exponent <= 0)
        {
            // Denormal. Halves cannot be exact here: no power in HalfwayPowers leads below the normal range.
            int below = 1 - exponent;
            kept = below >= 64 ? 0 : kept >> below;
            kept = (kept + (kept & 1)) >> 1;
            // Rounding up into the least normal number carries into the exponent by itself.
            return kept;
        }
        (int halfwayMin, int halfwayMax) = TFormat.HalfwayPowers;
        if (low <= 1 && power >= halfwayMin && power <= halfwayMax && (kept & 3) == 1 && kept << dropped == high)
        {
            // Exactly halfway above an even number: stay.
            kept &= ~1UL;
        }
        kept = (kept + (kept & 1)) >> 1;
        // A carry out of the significand moves into the exponent by the addition itself.
        ulong result = kept + ((ulong)(exponent - 1) << bits);
        return Math.Min(result, infinity);
    }

    // The high 128 bits of significand × 5^power, precise enough for its first bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Product(ulong significand, int power, int bits, out ulong low)
    {
        int index = 2 * (power - PowersOfFive.Min);
        ulong[] table = PowersOfFive.Truncated;
        ulong high = Math.BigMul(significand, table[index], out low);
        ulong rest = ulong.MaxValue >> bits;
        if ((high & rest) == rest)
        {
            // The bits below could carry into those that count: multiply by the second word too.
            ulong carry = Math.BigMul(significand, table[index + 1], out _);
            low += carry;
            high += low < carry ? 1UL : 0;
        }
        return high;
    }
}
