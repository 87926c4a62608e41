namespace LossService.Wire.Numbers;

/// <summary>Powers of ten as literals, rounded by the compiler: data of the assembly, so that a hot loop meets no
/// static constructor.</summary>
internal static class PowersOfTen
{
    /// <summary>10^0 to 10^19, all that fit an unsigned 64-bit integer.</summary>
    public static ReadOnlySpan<ulong> Integers =>
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ];
}
