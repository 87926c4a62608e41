using System.Globalization;
using System.Text;
using LossService.Wire.Numbers;

namespace LossService.Tests.Wire.Numbers;

/// <summary>Every float there is: written in runs, read back to the same bits, its text the same as alone, its digits
/// those of the proven algorithm; and now and then as long as the framework's shortest. All 2^32 patterns take some
/// minutes on one core, so tests sweep a stride and the benchmark project sweeps all.</summary>
internal static class NumberSweep
{
    private const int RunLength = 4096;
    private const uint FrameworkStride = 997;

    /// <summary>Sweeps every pattern; returns whether nothing was found.</summary>
    public static bool Run(TextWriter log) => Run(log, 1);

    /// <summary>Sweeps every <paramref name="stride"/>th pattern and reports what it finds.</summary>
    public static bool Run(TextWriter log, uint stride)
    {
        long swept = 0;
        long wrong = 0;
        var values = new float[RunLength];
        var back = new float[RunLength];
        var text = new byte[(RunLength * 17) + NumberWriter.RoomMin + 1];
        int count = 0;
        for (ulong bits = 0; bits <= uint.MaxValue; bits += stride)
        {
            float value = BitConverter.UInt32BitsToSingle((uint)bits);
            if (!float.IsFinite(value))
            {
                continue;
            }
            values[count++] = value;
            if (count == RunLength)
            {
                wrong += WrongInRun(values, text, back, log);
                swept += count;
                count = 0;
            }
        }
        wrong += WrongInRun(values.AsSpan(0, count), text, back, log);
        swept += count;
        log.WriteLine($"{swept} floats swept, {wrong} wrong");
        return wrong == 0;
    }

    private static int WrongInRun(ReadOnlySpan<float> values, byte[] text, float[] back, TextWriter log)
    {
        if (values.IsEmpty)
        {
            return 0;
        }
        NumberWriter.WriteRun(values, text, out int written, out int bytes);
        text[bytes] = (byte)']';
        NumberReader.ReadRun(text.AsSpan(0, bytes + 1), true, back, out int read, out int consumed);
        if (written != values.Length || read != written || consumed != bytes)
        {
            log.WriteLine($"a run from {values[0]:R} stopped: {written} written, {read} read, {consumed} of {bytes}");
            return 1;
        }
        int wrong = 0;
        int at = 0;
        Span<byte> alone = stackalloc byte[NumberWriter.RoomMin];
        for (int i = 0; i < values.Length; i++)
        {
            int length = NumberWriter.Write(values[i], alone);
            bool isSame = text.AsSpan(at, length).SequenceEqual(alone[..length])
                && text[at + length] is (byte)',' or (byte)']';
            at += length + 1;
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            if (!isSame || bits != BitConverter.SingleToUInt32Bits(back[i]) || (values[i] > 0 && !IsProven(bits))
                || (bits % FrameworkStride == 0 && !IsShortest(values[i])))
            {
                log.WriteLine($"0x{bits:X8} {values[i]:R} came back as {back[i]:R}");
                wrong++;
            }
        }
        return wrong;
    }

    // The quick digits, where there are any, against Schubfach's.
    private static bool IsProven(uint magnitude)
    {
        bool ordinary = magnitude >= 1U << 23 && (magnitude & 0x7FFFFF) != 0;
        if (!ordinary || !Shortest.TryGet(magnitude, out uint digits, out int power))
        {
            return true;
        }
        ulong expected = Schubfach.Shortest<float, Binary32>(magnitude, out int expectedPower);
        return expectedPower - power is 0 or 1 && digits == (expectedPower == power ? expected : expected * 10);
    }

    private static bool IsShortest(float value)
    {
        Span<byte> text = stackalloc byte[NumberWriter.RoomMin];
        string ours = Encoding.UTF8.GetString(text[..NumberWriter.Write(value, text)]);
        return DigitCount(ours) == DigitCount(value.ToString("R", CultureInfo.InvariantCulture));
    }

    private static int DigitCount(string text) =>
        text.Split('e', 'E')[0].Replace(".", "", StringComparison.Ordinal).Trim('-').Trim('0').Length;
}
