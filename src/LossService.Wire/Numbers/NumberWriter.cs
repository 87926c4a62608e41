using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using static LossService.Wire.Numbers.Branchless;

namespace LossService.Wire.Numbers;

/// <summary>Floats to digits: the shortest JSON number that reads back to the same float or double, the nearest to it
/// among the shortest. Plain from 1e-5 up to as many digits before the point as the format has at most (below 1e9 for
/// floats, 1e17 for doubles), with at least one digit behind the point (<c>1.0</c>, <c>0.00012</c>); otherwise
/// scientific (<c>1e-7</c>, <c>1.5e10</c>). Zeros keep their sign: <c>0.0</c>, <c>-0.0</c>. A float's text has at most
/// 16 bytes, a double's 24. Nothing throws, allocates or depends on a culture.</summary>
public static class NumberWriter
{
    /// <summary>The bytes of room that writing one number takes; what lies behind the number may be overwritten up to
    /// there.</summary>
    public const int RoomMin = 32;

    /// <summary>The least power of ten written plain.</summary>
    internal const int PlainExponentMin = -5;

    /// <summary>Digits before the point up to which floats are written plain: as many as a float may need.</summary>
    internal const int FloatPlainDigits = 9;

    /// <summary>The same for doubles.</summary>
    internal const int DoublePlainDigits = 17;

    /// <summary>Writes one number; returns its length.</summary>
    /// <param name="value">Finite.</param>
    /// <param name="destination">At least <see cref="RoomMin"/> bytes.</param>
    public static int Write(float value, Span<byte> destination)
    {
        Debug.Assert(float.IsFinite(value));
        return WriteCore(value, ref MemoryMarshal.GetReference(destination[..RoomMin]));
    }

    /// <inheritdoc cref="Write(float, Span{byte})"/>
    public static int Write(double value, Span<byte> destination)
    {
        Debug.Assert(double.IsFinite(value));
        return WriteCore(value, ref MemoryMarshal.GetReference(destination[..RoomMin]));
    }

    /// <summary>Writes numbers with commas between them, none at the end, until all are written, or the next is not
    /// finite, or less than <see cref="RoomMin"/> + 1 bytes are left.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="destination">What lies behind the bytes written may be overwritten.</param>
    /// <param name="valuesWritten">How many values were written.</param>
    /// <param name="bytesWritten">Length of their text with the commas between them.</param>
    public static void WriteRun(
        ReadOnlySpan<float> values, Span<byte> destination, out int valuesWritten, out int bytesWritten) =>
        WriteRun<float>(values, destination, out valuesWritten, out bytesWritten);

    /// <inheritdoc cref="WriteRun(ReadOnlySpan{float}, Span{byte}, out int, out int)"/>
    public static void WriteRun(
        ReadOnlySpan<double> values, Span<byte> destination, out int valuesWritten, out int bytesWritten) =>
        WriteRun<double>(values, destination, out valuesWritten, out bytesWritten);

    private static void WriteRun<T>(
        ReadOnlySpan<T> values, Span<byte> destination, out int valuesWritten, out int bytesWritten)
        where T : unmanaged, INumberBase<T>
    {
        // The loop counts for itself: counting in the out parameters would go through memory.
        int written = 0;
        int at = 0;
        if (typeof(T) == typeof(float) && Avx2.IsSupported)
        {
            written = FloatBlocks.Write(MemoryMarshal.Cast<T, float>(values), destination, out at);
            at -= One(written != 0); // the last comma
        }
        ref byte text = ref MemoryMarshal.GetReference(destination);
        foreach (T value in values[written..])
        {
            if (!T.IsFinite(value) || destination.Length - at <= RoomMin)
            {
                break;
            }
            Unsafe.Add(ref text, at) = (byte)',';
            at += written == 0 ? 0 : 1;
            at += typeof(T) == typeof(float)
                ? WriteCore((float)(object)value, ref Unsafe.Add(ref text, at))
                : WriteCore((double)(object)value, ref Unsafe.Add(ref text, at));
            written++;
        }
        valuesWritten = written;
        bytesWritten = at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteCore(float value, ref byte text)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint sign = bits >> 31;
        uint magnitude = bits & int.MaxValue;
        bool ordinary = (magnitude >= 1U << 23) & ((magnitude & 0x7FFFFF) != 0) & BitConverter.IsLittleEndian;
        if (!ordinary || !Shortest.TryGet(magnitude, out uint digits, out int power))
        {
            return WriteUnusual<float, Binary32>(magnitude, sign != 0, FloatPlainDigits, ref text);
        }
        text = (byte)'-';
        return (int)sign + QuickText.Write(ref Unsafe.Add(ref text, sign), digits, power);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteCore(double value, ref byte text)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int sign = (int)(bits >> 63);
        ulong magnitude = bits & long.MaxValue;
        bool ordinary = (magnitude >= 1UL << 52) & ((magnitude & 0xFFFFFFFFFFFFF) != 0) & BitConverter.IsLittleEndian;
        if (ordinary && Shortest.TryGet(magnitude, out ulong digits, out int power))
        {
            text = (byte)'-';
            int length = QuickText.TryWrite(ref Unsafe.Add(ref text, sign), digits, power);
            if (length > 0)
            {
                return sign + length;
            }
        }
        return WriteUnusual<double, Binary64>(magnitude, sign != 0, DoublePlainDigits, ref text);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteUnusual<T, TFormat>(ulong bits, bool negative, int plainDigitsMax, ref byte text)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int power = 0;
        ulong digits = bits == 0 ? 0 : Schubfach.Shortest<T, TFormat>(bits, out power);
        Span<byte> room = MemoryMarshal.CreateSpan(ref text, RoomMin);
        return DigitText.Write(digits, power, negative, plainDigitsMax, room);
    }
}
