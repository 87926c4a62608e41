using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What the miner hdc has to know of a batch: how hard the last pair of the hardest fraction is.</summary>
internal static class HardestPairs
{
    private const int DigitBits = 16;
    private const int Digits = 1 << DigitBits;

    /// <summary>The least distance of the farthest pairs, or of the nearest minus the greatest, so many as the fraction
    /// says, rounded up; infinity where there is no pair.</summary>
    /// <remarks>The digits of the number are counted from the first to the last, each among the pairs that agree so
    /// far: four passes and no copy of all distances to sort, which may be 16 million.</remarks>
    public static double Last<T>(PairScan<T> scan, PairKind kind, double fraction, TensorPool pool)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        using Tensor counts = Tensor.Rent(pool, new Shape(Digits), Element.Label);
        double sign = kind == PairKind.Positive ? 1 : -1;
        ulong found = 0;
        long left = -1;
        for (int shift = 64 - DigitBits; shift >= 0; shift -= DigitBits)
        {
            counts.Label.Clear();
            scan.Run(kind, (int anchor, in AnchorSide side) => Count(side, sign, found, shift, counts.Label));
            left = left < 0 ? (long)Math.Ceiling(fraction * Sum(counts.Label)) : left;
            if (left == 0)
            {
                return double.PositiveInfinity;
            }

            int digit = Digits - 1;
            for (; counts.Label[digit] < left; digit--)
            {
                left -= counts.Label[digit];
            }

            found |= (ulong)digit << shift;
        }

        return NumberOf(found);
    }

    private static void Count(in AnchorSide side, double sign, ulong found, int shift, Span<int> counts)
    {
        foreach (double distance in side.Distances)
        {
            ulong key = KeyOf(sign * distance);
            if (((key ^ found) >> shift) < Digits)
            {
                counts[(int)(key >> shift) & (Digits - 1)]++;
            }
        }
    }

    // Whole numbers in the order of the numbers that they stand for; a NaN is the hardest of all.
    private static ulong KeyOf(double number)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(number);
        return double.IsNaN(number) ? ulong.MaxValue : (long)bits < 0 ? ~bits : bits | (1UL << 63);
    }

    private static double NumberOf(ulong key) =>
        BitConverter.UInt64BitsToDouble((long)key < 0 ? key & ~(1UL << 63) : ~key);

    private static long Sum(ReadOnlySpan<int> counts)
    {
        long sum = 0;
        foreach (int count in counts)
        {
            sum += count;
        }

        return sum;
    }
}
