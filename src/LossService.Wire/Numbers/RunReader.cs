using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static LossService.Wire.Numbers.Branchless;

namespace LossService.Wire.Numbers;

/// <summary>The fast half of <see cref="NumberReader"/>'s ReadRun: finds the separators first, then reads what lies
/// between them without a loop or a branch a digit. Stops before what is wrong, so that the plain half can say what it
/// is.</summary>
/// <remarks>What the references instead of spans pay for: 1,500 MB/s of logits on a Zen 3 core, 350 by the plain half
/// alone.</remarks>
internal static class RunReader
{
    private const int EndsMax = 256;

    // The bytes before a number's end that must be readable: a window's, and the longest exponent, such as e-308.
    private const int Reach = DigitWindow.Reach + 5;

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
        while (scanned < text.Length)
        {
            int found = SeparatorScan.Find(text, ref scanned, ends, out bool closed);
            int wanted = Math.Min(found, destination.Length - count);
            int read = 0;
            if (at < Reach)
            {
                read = Head<T, TFormat>(text, ends[..wanted], destination[count..], ref at);
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
        while (count < ends.Length && ends[count] < Reach)
        {
            count++;
        }
        Span<byte> copy = stackalloc byte[3 * Reach];
        text[..Math.Min(2 * Reach, text.Length)].CopyTo(copy[Reach..]);
        return Convert<T, TFormat>(
            ref copy[Reach], ends[..count], ref MemoryMarshal.GetReference(destination), ref at);
    }

    // Reads the numbers before all ends, or up to one that is wrong; returns how many.
    private static int Convert<T, TFormat>(ref byte origin, ReadOnlySpan<int> ends, ref T destination, ref int at)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        nint start = at;
        int count = 0;
        while (true)
        {
            count += typeof(T) == typeof(float)
                ? ReadPlain(ref origin, ends[count..], ref Unsafe.As<T, float>(ref Unsafe.Add(ref destination, count)),
                    ref start)
                : ReadPlain(ref origin, ends[count..], ref Unsafe.As<T, double>(ref Unsafe.Add(ref destination, count)),
                    ref start);
            if (count == ends.Length || !TryReadUnusual<T, TFormat>(ref Unsafe.Add(ref origin, start),
                    ends[count] - (int)start, ref Unsafe.Add(ref destination, count)))
            {
                at = (int)start;
                return count;
            }
            start = ends[count++] + 1;
        }
    }

    // Reads numbers without exponent before ends, up to one that has something unusual; returns how many. No calls:
    // they would cost the loop its registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ReadPlain(ref byte origin, ReadOnlySpan<int> ends, ref float destination, ref nint at)
    {
        nint start = at;
        int count = 0;
        for (; count < ends.Length; count++)
        {
            nint end = ends[count];
            int first = SkipWhitespace(ref origin, ref start);
            nint length = end - start - One(first == '-');
            if ((nuint)(length - 1) >= 16
                || !DigitWindow.TryTake16(
                    ref Unsafe.Add(ref origin, end), length, out Vector128<byte> digits, out nint fraction)
                || !QuickRounding.TryRound(digits, fraction, first, ref Unsafe.Add(ref destination, count)))
            {
                break;
            }
            start = end + 1;
        }
        at = start;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ReadPlain(ref byte origin, ReadOnlySpan<int> ends, ref double destination, ref nint at)
    {
        nint start = at;
        int count = 0;
        for (; count < ends.Length; count++)
        {
            nint end = ends[count];
            int sign = One(SkipWhitespace(ref origin, ref start) == '-');
            nint length = end - start - sign;
            if ((nuint)(length - 1) >= 32 || !DigitWindow.TryRead32(
                    ref Unsafe.Add(ref origin, end), length, out ulong significand, out nint fraction))
            {
                break;
            }
            ref double value = ref Unsafe.Add(ref destination, count);
            if (!QuickRounding.TryRound(significand, fraction, sign, ref value))
            {
                value = QuickRounding.Round(significand, fraction, sign);
            }
            start = end + 1;
        }
        at = start;
        return count;
    }

    // Returns the byte behind it; ends at the separator at the latest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SkipWhitespace(ref byte origin, ref nint at)
    {
        byte first = Unsafe.Add(ref origin, at);
        while (first <= (byte)' ' && first is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            first = Unsafe.Add(ref origin, ++at);
        }
        return first;
    }

    // What has an exponent, many digits, whitespace behind it, or is wrong: then false. No whitespace before it.
    private static bool TryReadUnusual<T, TFormat>(ref byte first, int length, ref T value)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int sign = One(first == (byte)'-');
        int tail = ExponentLength(ref Unsafe.Add(ref first, length), length - sign, out int power);
        int plain = length - sign - tail;
        return ((uint)(plain - 1) < 32
                && DigitWindow.TryRead32(
                    ref Unsafe.Add(ref first, sign + plain), plain, out ulong significand, out nint fraction)
                && TryRound<T, TFormat>(significand, power - (int)fraction, sign, ref value))
            || NumberReader.TryReadOnly<T, TFormat>(MemoryMarshal.CreateReadOnlySpan(ref first, length), ref value);
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
                && QuickRounding.TryRound(significand, power, sign, ref narrow)
                && (significand == 0 || Math.Abs(narrow) is > FloatNormalMin and <= float.MaxValue);
        }
        ulong bits = Rounding.Nearest<T, TFormat>(significand, power);
        value = TFormat.FromBits(bits, sign != 0);
        return bits != (ulong)TFormat.ExponentMax << TFormat.SignificandBits;
    }
}
