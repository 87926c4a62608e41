using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Wire.Numbers;

/// <summary>An element as it stands in a file, and what it is as a number and as a label.</summary>
/// <remarks>Static, so that nothing is boxed; each loop over elements is compiled once a type.</remarks>
internal interface IRaw<TSelf> where TSelf : unmanaged, IRaw<TSelf>
{
    /// <summary>The number, rounded at most once.</summary>
    static abstract double Wide(TSelf raw);

    /// <summary>The number, rounded at most once.</summary>
    static virtual float Narrow(TSelf raw) => (float)TSelf.Wide(raw);

    /// <summary>The integer, or what stands for it in <see cref="Labels"/>.</summary>
    static virtual int Label(TSelf raw) => Labels.Of(TSelf.Wide(raw));
}

/// <summary>Any type all of whose values are doubles.</summary>
internal readonly struct Plain<T>(T value) : IRaw<Plain<T>> where T : unmanaged, INumberBase<T>
{
    private readonly T _value = value;

    public static double Wide(Plain<T> raw) => double.CreateTruncating(raw._value);
}

/// <summary>The upper half of a float.</summary>
internal readonly struct BrainFloat(ushort bits) : IRaw<BrainFloat>
{
    private readonly ushort _bits = bits;

    public static double Wide(BrainFloat raw) => BitConverter.UInt32BitsToSingle((uint)raw._bits << 16);
}

/// <summary>A signed integer of 8 bytes, which may have more digits than a double.</summary>
internal readonly struct Int64Raw(long value) : IRaw<Int64Raw>
{
    private readonly long _value = value;

    public static double Wide(Int64Raw raw) => raw._value;

    public static float Narrow(Int64Raw raw)
    {
        float magnitude = UInt64Raw.Rounded(raw._value < 0 ? 0UL - (ulong)raw._value : (ulong)raw._value);
        return raw._value < 0 ? -magnitude : magnitude;
    }

    public static int Label(Int64Raw raw) => Labels.Of(raw._value);
}

/// <summary>An unsigned integer of 8 bytes.</summary>
internal readonly struct UInt64Raw(ulong value) : IRaw<UInt64Raw>
{
    private const int DoubleBits = 53;
    private const int ExtraBits = 64 - DoubleBits;

    private readonly ulong _value = value;

    // Halving keeps the sign bit free; the bit that falls off is kept as one that only breaks ties.
    public static double Wide(UInt64Raw raw) =>
        raw._value <= long.MaxValue ? (long)raw._value : 2.0 * (long)((raw._value >> 1) | (raw._value & 1));

    public static float Narrow(UInt64Raw raw) => Rounded(raw._value);

    public static int Label(UInt64Raw raw) => Labels.Of(raw._value, negative: false);

    /// <summary>The nearest float. Rounding to a double first and then again could miss it, so the bits that a double
    /// has no room for only leave a mark in its last place (rounding to odd).</summary>
    internal static float Rounded(ulong value)
    {
        if (value < 1UL << DoubleBits)
        {
            return (float)(double)(long)value;
        }

        ulong kept = value >> ExtraBits;
        kept |= kept << ExtraBits == value ? 0UL : 1UL;
        return (float)((double)(long)kept * (1 << ExtraBits));
    }
}
