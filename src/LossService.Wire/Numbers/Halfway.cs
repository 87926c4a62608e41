namespace LossService.Wire.Numbers;

/// <summary>The exact comparison behind <see cref="Rounding"/>, for literals of more than 19 digits that lie too near
/// to the middle of two values.</summary>
internal static class Halfway
{
    /// <summary>The sign of (literal − middle), the middle being that of the value with these bits and the next.
    /// Allocates nothing; takes microseconds at most, for <see cref="NumberReader.LengthMax"/> digits.</summary>
    public static int Compare<T, TFormat>(scoped in Literal literal, ulong bits)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int exponent = (int)(bits >> TFormat.SignificandBits);
        ulong significand = bits & ((1UL << TFormat.SignificandBits) - 1);
        if (exponent > 0)
        {
            significand |= 1UL << TFormat.SignificandBits;
        }
        // middle = (2 significand + 1) × 2^power2
        int power2 = Math.Max(exponent, 1) - (TFormat.ExponentMax >> 1) - TFormat.SignificandBits - 1;

        var left = new BigNatural(stackalloc ulong[BigNatural.Words]);
        int power10 = literal.WrittenExponent + Append(ref left, literal.Digits);
        var right = new BigNatural(stackalloc ulong[BigNatural.Words]);
        right.MultiplyAdd(0, (2 * significand) + 1);

        // left × 10^power10 against right × 2^power2, every factor moved to the side where it is an integer.
        if (power10 >= 0)
        {
            left.MultiplyPowerOfFive(power10);
        }
        else
        {
            right.MultiplyPowerOfFive(-power10);
        }
        int shift = power10 - power2;
        if (shift >= 0)
        {
            left.ShiftLeft(shift);
        }
        else
        {
            right.ShiftLeft(-shift);
        }
        return BigNatural.Compare(left, right);
    }

    // All digits as one integer; returns minus the number of digits behind the point.
    private static int Append(ref BigNatural number, ReadOnlySpan<byte> digits)
    {
        int behind = 0;
        bool pointSeen = false;
        ulong part = 0;
        ulong scale = 1;
        foreach (byte digit in digits)
        {
            if (digit == (byte)'.')
            {
                pointSeen = true;
                continue;
            }
            behind += pointSeen ? 1 : 0;
            part = (part * 10) + (uint)(digit - '0');
            scale *= 10;
            if (scale == PowersOfTen.Integers[^1])
            {
                number.MultiplyAdd(scale, part);
                (part, scale) = (0, 1);
            }
        }
        number.MultiplyAdd(scale, part);
        return -behind;
    }
}
