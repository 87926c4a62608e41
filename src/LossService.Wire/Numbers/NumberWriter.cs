using System.Diagnostics;

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

    /// <summary>Writes one number; returns its length.</summary>
    /// <param name="value">Finite.</param>
    /// <param name="destination">At least <see cref="RoomMin"/> bytes.</param>
    public static int Write(float value, Span<byte> destination)
    {
        Debug.Assert(float.IsFinite(value) && destination.Length >= RoomMin);
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return Write<float, Binary32>(bits & int.MaxValue, bits >> 31 != 0, 9, destination);
    }

    /// <inheritdoc cref="Write(float, Span{byte})"/>
    public static int Write(double value, Span<byte> destination)
    {
        Debug.Assert(double.IsFinite(value) && destination.Length >= RoomMin);
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        return Write<double, Binary64>(bits & long.MaxValue, bits >> 63 != 0, 17, destination);
    }

    /// <summary>Writes numbers with commas between them, none at the end, until all are written, or the next is not
    /// finite, or less than <see cref="RoomMin"/> + 1 bytes are left.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="destination">What lies behind the bytes written may be overwritten.</param>
    /// <param name="valuesWritten">How many values were written.</param>
    /// <param name="bytesWritten">Length of their text with the commas between them.</param>
    public static void WriteRun(
        ReadOnlySpan<float> values, Span<byte> destination, out int valuesWritten, out int bytesWritten)
    {
        bytesWritten = 0;
        for (valuesWritten = 0; valuesWritten < values.Length; valuesWritten++)
        {
            float value = values[valuesWritten];
            if (!float.IsFinite(value) || destination.Length - bytesWritten <= RoomMin)
            {
                return;
            }
            if (valuesWritten > 0)
            {
                destination[bytesWritten++] = (byte)',';
            }
            bytesWritten += Write(value, destination[bytesWritten..]);
        }
    }

    /// <inheritdoc cref="WriteRun(ReadOnlySpan{float}, Span{byte}, out int, out int)"/>
    public static void WriteRun(
        ReadOnlySpan<double> values, Span<byte> destination, out int valuesWritten, out int bytesWritten)
    {
        bytesWritten = 0;
        for (valuesWritten = 0; valuesWritten < values.Length; valuesWritten++)
        {
            double value = values[valuesWritten];
            if (!double.IsFinite(value) || destination.Length - bytesWritten <= RoomMin)
            {
                return;
            }
            if (valuesWritten > 0)
            {
                destination[bytesWritten++] = (byte)',';
            }
            bytesWritten += Write(value, destination[bytesWritten..]);
        }
    }

    private static int Write<T, TFormat>(ulong bits, bool negative, int plainDigitsMax, Span<byte> destination)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int power = 0;
        ulong digits = bits == 0 ? 0 : Schubfach.Shortest<T, TFormat>(bits, out power);
        return DigitText.Write(digits, power, negative, plainDigitsMax, destination);
    }
}
