using System.Runtime.CompilerServices;

namespace LossService.Wire.Numbers;

/// <summary>The shortest decimal that reads back to the same value, the nearest to it among the shortest. Method, and
/// the proof that the rounded products decide every comparison: R. Giulietti, "The Schubfach way to render doubles",
/// 2020. All values but NaN, infinities and zeros.</summary>
internal static class Schubfach
{
    /// <summary>The decimal significand of a magnitude's bits; the value is it times 10^<paramref name="power"/>. May
    /// end in zeros.</summary>
    public static ulong Shortest<T, TFormat>(ulong bits, out int power)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int exponent = (int)(bits >> TFormat.SignificandBits);
        ulong c = bits & ((1UL << TFormat.SignificandBits) - 1); // value = c 2^q, as in the paper
        int q = Math.Max(exponent, 1) - (TFormat.ExponentMax >> 1) - TFormat.SignificandBits;

        // At a power of two the neighbour below is only half as far as the one above.
        int nearerBelow = c == 0 && exponent > 1 ? 1 : 0;
        c |= exponent > 0 ? 1UL << TFormat.SignificandBits : 0;

        // k = floor(log10(2^q)), or of 3/4 2^q: the widest decimal grid with a point in every rounding interval.
        int k = ((q * 1262611) - (nearerBelow * 524031)) >> 22;
        int h = q + PowersOfFive.Log2(-k) + 1;

        // The value and the ends of its rounding interval on that grid, in quarters, odd if not exact.
        ulong v = Scale(4 * c, h, -k);
        ulong lower = Scale((4 * c) - 2 + (uint)nearerBelow, h, -k);
        ulong upper = Scale((4 * c) + 2, h, -k);

        // An even significand owns the ends of its interval.
        lower += c & 1;
        upper -= c & 1;

        ulong s = v / 4;
        if (s >= 10)
        {
            // One digit less, if exactly one point of the coarser grid lies in the interval.
            ulong tens = s / 10;
            bool belowFits = lower <= 40 * tens;
            bool aboveFits = (40 * tens) + 40 <= upper;
            if (belowFits != aboveFits)
            {
                power = k + 1;
                return tens + (aboveFits ? 1UL : 0);
            }
        }
        power = k;
        bool below = lower <= 4 * s;
        bool above = (4 * s) + 4 <= upper;
        if (below != above)
        {
            return s + (above ? 1UL : 0);
        }
        ulong middle = (4 * s) + 2;
        return s + (v > middle || (v == middle && (s & 1) != 0) ? 1UL : 0);
    }

    // factor 2^h 10^power / 2^128, cut to an integer and made odd if anything was cut off.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Scale(ulong factor, int h, int power)
    {
        int index = 2 * (power - PowersOfFive.Min);
        ulong[] table = PowersOfFive.RoundedUp;
        factor <<= h;
        ulong carry = Math.BigMul(factor, table[index + 1], out _);
        ulong high = Math.BigMul(factor, table[index], out ulong low);
        low += carry;
        high += low < carry ? 1UL : 0;
        return high | (low > 1 ? 1UL : 0);
    }
}
