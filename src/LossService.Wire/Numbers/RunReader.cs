using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static LossService.Wire.Numbers.Branchless;

namespace LossService.Wire.Numbers;

/// <summary>The fast half of <see cref="NumberReader"/>'s ReadRun: finds the separators first, then reads what lies
/// between them without a loop or a branch a digit. Stops before what is wrong, so that the plain half can say what it
/// is.</summary>
/// <remarks>What the references instead of spans pay for: 1,650 MB/s of logits on a Zen 5 core, 460 by the plain half
/// alone.</remarks>
internal static class RunReader
{
    private const int EndsMax = 256;

    // Texts shorter than this are not worth the preparations.
    private const int LengthMin = 24;

    private const float FloatNormalMin = 1.17549435e-38f;

    /// <summary>Reads numbers from a place where one should start, as far as each is followed by a comma or a closing
    /// bracket and nothing is wrong.</summary>
    /// <returns>True if it stopped behind a number (<see cref="RunStatus.AfterNumber"/>), false if it stopped where a
    /// number should start.</returns>
    [SkipLocalsInit]
    public static bool Read<T, TFormat>(ReadOnlySpan<byte> text, Span<T> destination, ref int count, ref int at)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        if (text.Length - at < LengthMin || !BitConverter.IsLittleEndian)
        {
            return false;
        }
        Span<int> ends = stackalloc int[EndsMax];
        int scanned = at;
        bool first = true;
        while (scanned < text.Length)
        {
            int found = SeparatorScan.Find(text, ref scanned, ends, out bool closed);
            int wanted = Math.Min(found, destination.Length - count);
            int read = 0;
            if (first)
            {
                read = Head<T, TFormat>(text, ends[..wanted], destination[count..], ref at);
                first = false;
            }
            read += Convert<T, TFormat>(ref MemoryMarshal.GetReference(text), ends[read..wanted],
                ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), count + read), ref at);
            count += read;
            if (read < wanted)
            {
                return false;
            }
            if (read > 0 && (count == destination.Length || closed))
            {
                // Behind the number, not behind its separator.
                at--;
                return true;
            }
        }
        return false;
    }

    // Numbers are read backwards from their ends: those at the very start, in a copy that has room before it.
    [SkipLocalsInit]
    private static int Head<T, TFormat>(ReadOnlySpan<byte> text, Span<int> ends, Span<T> destination, ref int at)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int count = 0;
        while (count < ends.Length && ends[count] < DigitWindow.Reach)
        {
            count++;
        }
        Span<byte> copy = stackalloc byte[3 * DigitWindow.Reach];
        text[..Math.Min(2 * DigitWindow.Reach, text.Length)].CopyTo(copy[DigitWindow.Reach..]);
        return Convert<T, TFormat>(
            ref copy[DigitWindow.Reach], ends[..count], ref MemoryMarshal.GetReference(destination), ref at);
    }

    // Reads the numbers before all ends, or up to one that is wrong; returns how many.
    private static int Convert<T, TFormat>(ref byte origin, ReadOnlySpan<int> ends, ref T destination, ref int at)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int start = at;
        int count = 0;
        foreach (int end in ends)
        {
            if (!TryRead<T, TFormat>(ref Unsafe.Add(ref origin, start), ref Unsafe.Add(ref origin, end), end - start,
                    ref Unsafe.Add(ref destination, count)))
            {
                ReadOnlySpan<byte> between = MemoryMarshal.CreateReadOnlySpan(
                    ref Unsafe.Add(ref origin, start), end - start);
                if (!NumberReader.TryReadOnly<T, TFormat>(between, ref Unsafe.Add(ref destination, count)))
                {
                    break;
                }
            }
            count++;
            start = end + 1;
        }
        at = start;
        return count;
    }

    // Reads what lies between first and end, unless it is unusual.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRead<T, TFormat>(ref byte first, ref byte end, int length, ref T value)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int spaces = One(first == (byte)' ');
        if (Unsafe.Add(ref first, spaces) <= (byte)' ')
        {
            spaces = CountWhitespace(ref first);
        }
        int sign = One(Unsafe.Add(ref first, spaces) == (byte)'-');
        length -= spaces + sign;
        if (typeof(T) == typeof(float))
        {
            return ((uint)(length - 1) < 16
                    && DigitWindow.TryRead16(ref end, length, out ulong significand, out int fraction)
                    && TryRound(significand, -fraction, sign, ref Unsafe.As<T, float>(ref value)))
                || TryReadLong<T, TFormat>(ref end, length, sign, ref value);
        }
        else
        {
            return ((uint)(length - 1) < 32
                    && DigitWindow.TryRead32(ref end, length, out ulong significand, out int fraction)
                    && TryRound<T, TFormat>(significand, -fraction, sign, ref value))
                || TryReadLong<T, TFormat>(ref end, length, sign, ref value);
        }
    }

    // Ends at the separator at the latest.
    private static int CountWhitespace(ref byte first)
    {
        int count = 0;
        while (Unsafe.Add(ref first, count) is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            count++;
        }
        return count;
    }

    // What has an exponent or does not fit the window above.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryReadLong<T, TFormat>(ref byte end, int length, int sign, ref T value)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        if (length <= 0)
        {
            return false;
        }
        int tail = ExponentLength(ref end, length, out int power);
        end = ref Unsafe.Subtract(ref end, tail);
        length -= tail;
        ulong significand;
        int fraction;
        bool good = (uint)(length - 1) < 16 ? DigitWindow.TryRead16(ref end, length, out significand, out fraction)
            : (uint)(length - 1) < 32 ? DigitWindow.TryRead32(ref end, length, out significand, out fraction)
            : No(out significand, out fraction);
        return good && TryRound<T, TFormat>(significand, power - fraction, sign, ref value);

        static bool No(out ulong significand, out int fraction)
        {
            (significand, fraction) = (0, 0);
            return false;
        }
    }

    // The bytes from the e of an exponent of at most three digits to the end; 0 if there is none.
    private static int ExponentLength(ref byte end, int length, out int power)
    {
        int value = 0;
        int scale = 1;
        int at = 1;
        for (; at <= 3 && at < length && (uint)(Unsafe.Subtract(ref end, at) - '0') <= 9; at++)
        {
            value += scale * (Unsafe.Subtract(ref end, at) - '0');
            scale *= 10;
        }
        byte sign = Unsafe.Subtract(ref end, at);
        at += One(sign is (byte)'-' or (byte)'+');
        bool found = scale > 1 && at < length && (Unsafe.Subtract(ref end, at) | 0x20) == 'e';
        power = !found ? 0 : sign == (byte)'-' ? -value : value;
        return found ? at : 0;
    }

    private static bool TryRound<T, TFormat>(ulong significand, int power, int sign, ref T value)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        if (typeof(T) == typeof(float))
        {
            // Denormals have their middles elsewhere, and what overflows is reported.
            ref float narrow = ref Unsafe.As<T, float>(ref value);
            return (uint)(power - PowersOfTen.DoublesMin) < (uint)PowersOfTen.Doubles.Length
                && (long)significand >= 0
                && TryRound(significand, power, sign, ref narrow)
                && (significand == 0 || Math.Abs(narrow) is > FloatNormalMin and <= float.MaxValue);
        }
        ulong bits = Rounding.Nearest<T, TFormat>(significand, power);
        value = TFormat.FromBits(bits, sign != 0);
        return bits != (ulong)TFormat.ExponentMax << TFormat.SignificandBits;
    }

    // The fast rounding for powers in the table and results in the normal range.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRound(ulong significand, int power, int sign, ref float value)
    {
        // Three roundings, each of half an ulp at most: the product is off by less than 4 ulp. It rounds to the same
        // float as the exact number unless it lies that near to the middle of two floats.
        double product = (long)significand
            * Unsafe.Add(ref MemoryMarshal.GetReference(PowersOfTen.Doubles), power - PowersOfTen.DoublesMin);
        uint beside = (uint)BitConverter.DoubleToUInt64Bits(product) & 0x1FFFFFFF;
        uint bits = BitConverter.SingleToUInt32Bits((float)product) | ((uint)sign << 31);
        value = BitConverter.UInt32BitsToSingle(bits);
        return beside - (0x10000000 - 8) > 16;
    }
}
