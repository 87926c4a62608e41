namespace LossService.Engine.Numerics;

/// <summary>Labels as they are kept, in 32 bits, and what stands for a number that is none, so that a check can say
/// why.</summary>
public static class Labels
{
    /// <summary>Stands for a number that is not an integer, such as 1.5, 1.00000001 or 1e-400.</summary>
    public const int NotAnInteger = int.MinValue;

    /// <summary>Stands for an integer beyond ±2^53: clients that keep numbers as doubles would have changed
    /// it.</summary>
    public const int TooLarge = int.MinValue + 1;

    /// <summary>Stands for an integer from -2^53 to below <see cref="Min"/>.</summary>
    public const int Below = int.MinValue + 2;

    /// <summary>Stands for an integer from above <see cref="Max"/> to 2^53.</summary>
    public const int Above = int.MaxValue;

    /// <summary>The least label.</summary>
    public const int Min = Below + 1;

    /// <summary>The greatest label.</summary>
    public const int Max = Above - 1;

    private const long ExactMax = 1L << 53;

    /// <summary>The label of an integer, or what stands for it.</summary>
    public static int Of(long value) =>
        value is > ExactMax or < -ExactMax ? TooLarge : (int)Math.Clamp(value, Below, Above);

    /// <summary>The label of an integer given by its magnitude and sign, or what stands for it.</summary>
    public static int Of(ulong magnitude, bool negative) =>
        magnitude > ExactMax ? TooLarge : Of(negative ? -(long)magnitude : (long)magnitude);

    /// <summary>The label of a number, or what stands for it.</summary>
    public static int Of(double value) =>
        !double.IsFinite(value) || value != Math.Truncate(value) ? NotAnInteger
            : Math.Abs(value) > ExactMax ? TooLarge : Of((long)value);
}
