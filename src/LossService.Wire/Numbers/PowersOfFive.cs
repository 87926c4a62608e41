using System.Numerics;

namespace LossService.Wire.Numbers;

/// <summary>The leading 128 bits of the powers of ten (of five, which is the same), computed once by exact integer
/// arithmetic: 651 divisions take about a millisecond, and a table in source would be 1,302 numbers to trust.</summary>
internal static class PowersOfFive
{
    /// <summary>The least power in the tables, 10^-342.</summary>
    public const int Min = -342;

    /// <summary>The greatest power in the tables. Reading needs 308, writing the denormals 324.</summary>
    public const int Max = 324;

    // Five to the 27 is the last power that fits 64 bits: down to its reciprocal the reader's proof wants the
    // reciprocal rounded up, so that exact quotients come out exact.
    private const int RoundedUpMin = -27;

    /// <summary>Two words a power, the high one first, as Lemire (2021) wants them: truncated, but rounded up from
    /// 10^-27 to 10^-1. Power p starts at 2 (p - Min).</summary>
    public static readonly ulong[] Truncated = Table(roundUp: false);

    /// <summary>The same rounded up wherever it is inexact, as Schubfach wants them.</summary>
    public static readonly ulong[] RoundedUp = Table(roundUp: true);

    /// <summary>floor(log2(10^power)), for |power| up to 1,233.</summary>
    public static int Log2(int power) => (power * 1741647) >> 19;

    private static ulong[] Table(bool roundUp)
    {
        var table = new ulong[2 * (Max - Min + 1)];
        for (int power = Min; power <= Max; power++)
        {
            // 10^power = leading * 2^(Log2(power) - 127) with leading in [2^127, 2^128).
            int shift = 127 - Log2(power);
            BigInteger numerator = power < 0 ? BigInteger.One : BigInteger.Pow(10, power);
            BigInteger denominator = power < 0 ? BigInteger.Pow(10, -power) : BigInteger.One;
            if (shift >= 0)
            {
                numerator <<= shift;
            }
            else
            {
                denominator <<= -shift;
            }
            var leading = (UInt128)BigInteger.DivRem(numerator, denominator, out BigInteger rest);
            bool up = roundUp || power is >= RoundedUpMin and < 0;
            if (up && !rest.IsZero)
            {
                leading++;
            }
            table[2 * (power - Min)] = (ulong)(leading >> 64);
            table[(2 * (power - Min)) + 1] = (ulong)leading;
        }
        return table;
    }
}
