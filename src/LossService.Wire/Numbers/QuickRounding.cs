using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Wire.Numbers;

/// <summary>Rounding for numbers without exponent, as nearly all are: the point alone makes the power of ten, so
/// nothing over- or underflows. What lies too near to the middle of two values is left to <see cref="Rounding"/>.
/// </summary>
internal static class QuickRounding
{
    /// <summary>The bit in which a digit differs from a minus sign.</summary>
    private const int DigitBit = 0x10;

    // 10^-f first negative, then, with DigitBit, positive: the sign comes with the power, that of zero too.
    private static ReadOnlySpan<double> SignedPowers =>
    [
        -1e0, -1e-1, -1e-2, -1e-3, -1e-4, -1e-5, -1e-6, -1e-7,
        -1e-8, -1e-9, -1e-10, -1e-11, -1e-12, -1e-13, -1e-14, -1e-15,
        1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15,
    ];

    /// <summary>Rounds digits × 10^-fraction to a float; false if it is too near to a middle.</summary>
    /// <param name="digits">At most 16 digits, one a byte.</param>
    /// <param name="fraction">0 to 15.</param>
    /// <param name="first">The first byte of the number, a digit or a minus sign.</param>
    /// <param name="value">Takes the float, a wrong one if false.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRound(Vector128<byte> digits, nint fraction, int first, ref float value)
    {
        double power = Unsafe.Add(ref MemoryMarshal.GetReference(SignedPowers), (first & DigitBit) | fraction);
        return TryNarrow(DigitWindow.ToDouble(digits) * power, ref value);
    }

    /// <summary>Rounds significand × 10^power to a float in the normal range; false if it is too near to a middle.
    /// </summary>
    /// <param name="significand">Below 2^63.</param>
    /// <param name="power">In the range of <see cref="PowersOfTen.Doubles"/>.</param>
    /// <param name="sign">1 if negative, else 0.</param>
    /// <param name="value">Takes the float, a wrong one if false.</param>
    public static bool TryRound(ulong significand, int power, int sign, ref float value)
    {
        double factor = PowersOfTen.Doubles[power - PowersOfTen.DoublesMin];
        return TryNarrow((long)significand * (sign == 0 ? factor : -factor), ref value);
    }

    // Three roundings, each of half an ulp at most, have made the product: it is off by less than 4 ulp. It rounds to
    // the same float as the exact number unless it lies that near to the middle of two floats.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryNarrow(double product, ref float value)
    {
        value = (float)product;
        uint beside = (uint)BitConverter.DoubleToUInt64Bits(product) & 0x1FFFFFFF;
        return beside - (0x10000000 - 8) > 16;
    }

    /// <summary>Rounds significand × 10^-fraction to a double; false if its product with the power is not precise
    /// enough or may be exact.</summary>
    /// <param name="significand">At most 19 digits.</param>
    /// <param name="fraction">0 to 31.</param>
    /// <param name="sign">1 if negative, else 0.</param>
    /// <param name="value">Takes the double, a wrong one if false.</param>
    /// <remarks>The middle part of <see cref="Rounding.Nearest{T, TFormat}(ulong, int)"/>, where the proof is.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRound(ulong significand, nint fraction, int sign, ref double value)
    {
        const ulong Rest = 0x1FF;
        ref ulong powers = ref Unsafe.Add(
            ref MemoryMarshal.GetArrayDataReference(PowersOfFive.Truncated), -2 * PowersOfFive.Min);
        int shift = BitOperations.LeadingZeroCount(significand);
        ulong high = Math.BigMul(significand << shift, Unsafe.Subtract(ref powers, 2 * fraction), out ulong low);
        int upperBit = (int)(high >> 63);
        ulong kept = high >> (upperBit + 9);
        long exponent = PowersOfFive.Log2(-(int)fraction) + 63 + 1022 + upperBit - shift;
        ulong bits = ((kept + (kept & 1)) >> 1) + ((ulong)exponent << 52);
        value = BitConverter.UInt64BitsToDouble(bits | ((ulong)sign << 63));
        return low > 1 && (high & Rest) != Rest;
    }

    /// <summary>Rounds what the quick way has left.</summary>
    public static double Round(ulong significand, nint fraction, int sign)
    {
        // Both factors are exact: one division, one rounding.
        const int ExactPowerMax = 22;
        if (significand < 1UL << 53 && fraction <= ExactPowerMax)
        {
            double power = PowersOfTen.Doubles[(int)fraction - PowersOfTen.DoublesMin];
            return (long)significand / (sign == 0 ? power : -power);
        }
        return Binary64.FromBits(Rounding.Nearest<double, Binary64>(significand, -(int)fraction), sign != 0);
    }
}
