using System.Runtime.CompilerServices;

namespace LossService.Wire.Numbers;

/// <summary>Choices as arithmetic, for loops in which signs, points and exponents are as good as random: there the
/// compiler makes branches of the plain forms, and a mispredicted branch costs as much as half a number.</summary>
internal static class Branchless
{
    /// <summary>1 if it holds, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int One(bool condition) => Unsafe.BitCast<bool, byte>(condition);

    /// <summary>max(value, 0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NotNegative(int value) => value & ~(value >> 31);
}
