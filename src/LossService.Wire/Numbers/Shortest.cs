using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static LossService.Wire.Numbers.Branchless;

namespace LossService.Wire.Numbers;

/// <summary>Schubfach's decision by one product instead of three: the value in fixed point on the decimal grid, half a
/// rounding interval as a shift of the same power of ten, every comparison with a guard. What falls into a guard (exact
/// middles among them), denormals and powers of two are left to <see cref="Schubfach"/>, which is proven.</summary>
/// <remarks>Error: powers of ten are rounded up in their last bit, a relative 2^-63 or 2^-127 at most, and each product
/// and shift is cut to a unit; so both sides of a comparison together are off by less than 3 units.</remarks>
internal static class Shortest
{
    private const uint Guard = 3;
    private const int FloatPowerMin = -31;
    private const int FloatPowerMax = 46;

    // 10^FloatPowerMin and up, their leading 64 bits rounded up.
    private static readonly ulong[] FloatPowers = ComputeFloatPowers();

    /// <summary>The 7 to 9 digits of a normal float that is no power of two, zeros at the end possible; its value is
    /// digits × 10^<paramref name="power"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryGet(uint bits, out uint digits, out int power)
    {
        uint c = (bits & 0x7FFFFF) | 0x800000; // value = c 2^q = c g 10^k, g in [1, 10)
        int q = (int)(bits >> 23) - 150;
        power = (q * 1262611) >> 22;
        int h = q + PowersOfFive.Log2(-power) + 1;
        Debug.Assert(h is >= 1 and <= 4);
        ulong g = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(FloatPowers), -power - FloatPowerMin);

        // In units of 2^-32.
        const ulong One32 = 1UL << 32;
        ulong value = Math.BigMul(g, (ulong)c << (h + 32), out _);
        ulong half = g >> (33 - h);
        uint tens = (uint)(value >> 32) / 10 * 10;
        ulong above = value - (tens * One32);
        ulong below = (10 * One32) - above;

        // A shorter decimal in the interval, below or above, or else the nearest integer, which always is.
        uint down = (uint)One(above < half);
        uint up = (uint)One(below < half);
        uint shorter = 0 - (down | up);
        digits = ((tens + (10 & (0 - up))) & shorter) | ((uint)((value + (One32 / 2)) >> 32) & ~shorter);

        uint middle = (uint)value - (1U << 31);
        return (above - half + Guard > 2 * Guard) & (below - half + Guard > 2 * Guard)
            & (middle + Guard > 2 * Guard);
    }

    /// <summary>The 16 or 17 digits of a normal double that is no power of two, as above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryGet(ulong bits, out ulong digits, out int power)
    {
        ulong c = (bits & 0xFFFFFFFFFFFFF) | 0x10000000000000;
        int q = (int)(bits >> 52) - 1075;
        power = (q * 1262611) >> 22;
        int h = q + PowersOfFive.Log2(-power) + 1;
        Debug.Assert(h is >= 1 and <= 4);
        ref ulong g = ref Unsafe.Add(
            ref MemoryMarshal.GetArrayDataReference(PowersOfFive.RoundedUp), 2 * (-power - PowersOfFive.Min));

        // The value as an integer and a fraction in units of 2^-64; all else in units of 2^-60.
        const ulong One60 = 1UL << 60;
        c <<= h;
        ulong carry = Math.BigMul(Unsafe.Add(ref g, 1), c, out _);
        ulong whole = Math.BigMul(g, c, out ulong fraction);
        fraction += carry;
        whole += fraction < carry ? 1UL : 0;
        ulong half = g >> (5 - h);
        ulong tens = whole / 10 * 10;
        ulong above = ((whole - tens) << 60) | (fraction >> 4);
        ulong below = (10 * One60) - above;

        uint down = (uint)One(above < half);
        uint up = (uint)One(below < half);
        ulong shorter = 0 - (ulong)(down | up);
        digits = ((tens + (10 & (0 - up))) & shorter) | ((whole + (fraction >> 63)) & ~shorter);

        ulong middle = (fraction >> 4) - (One60 / 2);
        return (above - half + Guard > 2 * Guard) & (below - half + Guard > 2 * Guard)
            & (middle + Guard > 2 * Guard);
    }

    /// <summary>The leading 64 bits of a power of ten that a float needs, rounded up.</summary>
    public static ulong FloatPower(int power) => FloatPowers[power - FloatPowerMin];

    private static ulong[] ComputeFloatPowers()
    {
        var powers = new ulong[FloatPowerMax - FloatPowerMin + 1];
        for (int i = 0; i < powers.Length; i++)
        {
            int index = 2 * (FloatPowerMin + i - PowersOfFive.Min);
            powers[i] = PowersOfFive.RoundedUp[index] + (PowersOfFive.RoundedUp[index + 1] == 0 ? 0UL : 1);
        }
        return powers;
    }
}
