namespace LossService.Wire.Numbers;

/// <summary>What the algorithms need to know of IEEE binary32 and binary64; <typeparamref name="T"/> is the number.
/// Bits are always of the magnitude, right-aligned in 64 bits.</summary>
internal interface IBinaryFormat<T> where T : unmanaged
{
    /// <summary>Stored bits of the significand.</summary>
    static abstract int SignificandBits { get; }

    /// <summary>The biased exponent of infinity.</summary>
    static abstract int ExponentMax { get; }

    /// <summary>Below this power of ten every 64-bit integer times it rounds to zero.</summary>
    static abstract int PowerMin { get; }

    /// <summary>Above this power of ten every positive integer times it overflows.</summary>
    static abstract int PowerMax { get; }

    /// <summary>The powers of ten where a 64-bit integer times the power can be exactly halfway between two values:
    /// bounds derived in Lemire (2021), section 8.</summary>
    static abstract (int Min, int Max) HalfwayPowers { get; }

    /// <summary>The number with these bits.</summary>
    static abstract T FromBits(ulong magnitude, bool negative);
}

/// <summary>IEEE binary32.</summary>
internal readonly struct Binary32 : IBinaryFormat<float>
{
    public static int SignificandBits => 23;

    public static int ExponentMax => 255;

    public static int PowerMin => -64;

    public static int PowerMax => 38;

    public static (int Min, int Max) HalfwayPowers => (-17, 10);

    public static float FromBits(ulong magnitude, bool negative) =>
        BitConverter.UInt32BitsToSingle((uint)magnitude | (negative ? 1U << 31 : 0));
}

/// <summary>IEEE binary64.</summary>
internal readonly struct Binary64 : IBinaryFormat<double>
{
    public static int SignificandBits => 52;

    public static int ExponentMax => 2047;

    public static int PowerMin => -342;

    public static int PowerMax => 308;

    public static (int Min, int Max) HalfwayPowers => (-4, 23);

    public static double FromBits(ulong magnitude, bool negative) =>
        BitConverter.UInt64BitsToDouble(magnitude | (negative ? 1UL << 63 : 0));
}
