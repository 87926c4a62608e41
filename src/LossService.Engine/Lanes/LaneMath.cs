using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Engine.Lanes;

/// <summary>
/// Elementary functions on whole vectors that give the same bits on every machine.
/// </summary>
/// <remarks>
/// <para>Only IEEE-754 add, subtract, multiply, divide, square root, explicit fused multiply-add, integer operations
/// and compare-and-select are used, each of which has one correct answer. Hence a result does not depend on the
/// instruction set, on the C runtime or on the neighbouring elements. Nothing allocates, throws, or keeps state.</para>
/// <para>One ulp is the distance between neighbouring numbers of the format at the exact result, 2^-149 (float) or
/// 2^-1074 (double) where that is denormal. Float bounds were measured on all 2^32 inputs, for Pow on every 13th
/// (LaneMathSweep in the tests); double bounds on 400,000 random points a range (LaneMathDoubleSweep), so that a
/// slightly worse point may exist. Denormal arguments and results are honoured, never flushed. NaN gives a NaN, whose
/// sign and payload mean nothing.</para>
/// <para>The polynomials are minimax fits of our own (Lawson iteration in 50 digits, low coefficients rounded first and
/// the rest fitted again), evaluated in Estrin's order: these loops wait for latency more than for throughput.</para>
/// </remarks>
internal static partial class LaneMath
{
    /// <summary>Square root, correctly rounded; negative gives NaN, -0 gives -0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Sqrt(Vector256<float> x) => Vector256.Sqrt(x);

    /// <summary>Square root, correctly rounded; negative gives NaN, -0 gives -0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Sqrt(Vector256<double> x) => Vector256.Sqrt(x);

    /// <summary>a where it is greater, else b: also for a NaN and for two zeros, which is what the machine's own
    /// instruction gives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Larger(Vector256<float> a, Vector256<float> b) => Avx.IsSupported
        ? Avx.Max(a, b)
        : Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), a, b);

    /// <summary>a where it is greater, else b: also for a NaN and for two zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Larger(Vector256<double> a, Vector256<double> b) => Avx.IsSupported
        ? Avx.Max(a, b)
        : Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), a, b);

    /// <summary>a where it is less, else b: also for a NaN and for two zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Smaller(Vector256<float> a, Vector256<float> b) => Avx.IsSupported
        ? Avx.Min(a, b)
        : Vector256.ConditionalSelect(Vector256.LessThan(a, b), a, b);

    /// <summary>a where it is less, else b: also for a NaN and for two zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Smaller(Vector256<double> a, Vector256<double> b) => Avx.IsSupported
        ? Avx.Min(a, b)
        : Vector256.ConditionalSelect(Vector256.LessThan(a, b), a, b);

    /// <summary>The first where the mask, of a comparison, is set, else the second: one instruction where the generic
    /// selection, which takes any bits for a mask, costs three.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Select(Vector256<float> mask, Vector256<float> then, Vector256<float> otherwise) =>
        Avx.IsSupported
            ? Avx.BlendVariable(otherwise, then, mask)
            : Vector256.ConditionalSelect(mask, then, otherwise);

    /// <summary>The first where the mask, of a comparison, is set, else the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Select(
        Vector256<double> mask, Vector256<double> then, Vector256<double> otherwise) =>
        Avx.IsSupported
            ? Avx.BlendVariable(otherwise, then, mask)
            : Vector256.ConditionalSelect(mask, then, otherwise);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, Vector256<float> c)
        => Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, float c)
        => Vector256.FusedMultiplyAdd(a, b, Vector256.Create(c));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Fma(Vector256<double> a, Vector256<double> b, Vector256<double> c)
        => Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Fma(Vector256<double> a, Vector256<double> b, double c)
        => Vector256.FusedMultiplyAdd(a, b, Vector256.Create(c));

    /// <summary>a + b·x, the leaf of an Estrin tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Line(float a, float b, Vector256<float> x)
        => Vector256.FusedMultiplyAdd(Vector256.Create(b), x, Vector256.Create(a));

    /// <summary>a + b·x, the leaf of an Estrin tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Line(double a, double b, Vector256<double> x)
        => Vector256.FusedMultiplyAdd(Vector256.Create(b), x, Vector256.Create(a));

    /// <summary>A value that has no sign, or x's sign already, with the sign of x: keeps -0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WithSign(Vector256<float> value, Vector256<float> x)
        => value | (x & Vector256.Create(-0f));

    /// <summary>A value that has no sign, or x's sign already, with the sign of x: keeps -0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> WithSign(Vector256<double> value, Vector256<double> x)
        => value | (x & Vector256.Create(-0d));
}
