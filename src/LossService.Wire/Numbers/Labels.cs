namespace LossService.Wire.Numbers;

/// <summary>What an integer label becomes that does not fit: the two lowest ints are no labels but say why.</summary>
public static class Labels
{
    /// <summary>The text is not an integer, such as 1.5, 1.00000001 or 1e-400.</summary>
    public const int NotAnInteger = int.MinValue;

    /// <summary>The text is an integer beyond ±2^53: other clients of JSON would have changed it.</summary>
    public const int Inexact = int.MinValue + 1;

    /// <summary>The least label; integers below it, down to -2^53, become it.</summary>
    public const int Min = int.MinValue + 2;

    /// <summary>The greatest label; integers above it, up to 2^53, become it.</summary>
    public const int Max = int.MaxValue;

    // Integers up to here survive every client that keeps its numbers as doubles.
    private const ulong ExactMax = 1UL << 53;

    /// <summary>The label of an integer: itself, or the nearest label, or <see cref="Inexact"/>.</summary>
    internal static int Of(ulong magnitude, bool negative)
    {
        if (magnitude > ExactMax)
        {
            return Inexact;
        }
        long value = negative ? -(long)magnitude : (long)magnitude;
        return (int)Math.Clamp(value, Min, Max);
    }
}
