using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Wire.Numbers;

/// <summary>What <see cref="Shortest"/> does for a float, for four at once, and then their digits as bytes. Needs
/// AVX2.</summary>
/// <remarks>A float's significand has 28 bits after its shift, so that its product with 64 bits of a power of ten is
/// two products of 32 bits, which four lanes have.</remarks>
internal static class ShortestLanes
{
    /// <summary>Eight digits that are zero.</summary>
    public const ulong Zeros = 0x3030303030303030;

    private const uint Ten8 = 100_000_000;
    private const ulong One32 = 1UL << 32;

    // One distance more than Shortest guards against: so a mask can tell.
    private const ulong GuardMask = 7;

    // The power of ten that brings a float with this biased exponent to one digit and more before the point.
    private static readonly ulong[] Powers = ComputePowers();

    /// <summary>Takes four floats apart.</summary>
    /// <param name="values">The first of them.</param>
    /// <param name="sources">Takes the digits of each as <see cref="TextRows"/> wants them.</param>
    /// <param name="rows">Takes the offset of each one's row in <see cref="TextRows"/>.</param>
    /// <returns>A bit for each that <see cref="Schubfach"/> must decide, or that is not finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Take(ref float values, ref Vector128<byte> sources, ref ulong rows)
    {
        ref uint bits = ref Unsafe.As<float, uint>(ref values);
        Vector256<ulong> magnitude = Avx2.ConvertToVector256Int64(Vector128.LoadUnsafe(ref bits)).AsUInt64()
            & Vector256.Create<ulong>(int.MaxValue);
        Vector256<ulong> stored = magnitude & Vector256.Create(0x7FFFFFUL);
        Vector256<ulong> biased = magnitude >> 23;
        Vector256<ulong> bad = Vector256.Equals(stored, default) | Vector256.Equals(biased, default)
            | Vector256.Equals(biased, Vector256.Create(255UL));
        Vector256<ulong> digits = Decide(stored, biased, Gather(ref bits), out Vector256<int> power, ref bad);

        // A zero has its digits; what its exponent would be, that of 1 is.
        Vector256<ulong> zero = Vector256.Equals(magnitude, default);
        bad = Vector256.AndNot(bad, zero);
        digits = Vector256.AndNot(digits, zero);

        // Make it nine digits.
        Vector256<ulong> one = Vector256.LessThan(digits.AsInt64(), Vector256.Create((long)Ten8)).AsUInt64();
        Vector256<ulong> two = Vector256.LessThan(digits.AsInt64(), Vector256.Create((long)Ten8 / 10)).AsUInt64();
        Vector256<ulong> factor =
            Vector256.Create(1UL) + (one & Vector256.Create(9UL)) + (two & Vector256.Create(90UL));
        digits = Multiply(digits, factor);
        Vector256<ulong> row = (power + Vector256.Create(8 - TextRows.ExponentMin)).AsUInt64();
        row = Vector256.ConditionalSelect(zero, Vector256.Create((ulong)-TextRows.ExponentMin), Low(row) + one + two);
        (row << TextRows.RowBytesLog2).StoreUnsafe(ref rows);
        Spread(digits, out Vector256<byte> even, out Vector256<byte> odd);
        sources = even.GetLower();
        Unsafe.Add(ref sources, 1) = odd.GetLower();
        Unsafe.Add(ref sources, 2) = even.GetUpper();
        Unsafe.Add(ref sources, 3) = odd.GetUpper();
        return bad.ExtractMostSignificantBits();
    }

    /// <summary>The nine digits of one float as <see cref="TextRows"/> wants them.</summary>
    public static void Spread(uint digits, out Vector128<byte> source)
    {
        Spread(Vector256.Create((ulong)digits), out Vector256<byte> even, out _);
        source = even.GetLower();
    }

    // Comments of Shortest.TryGet hold here too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Decide(
        Vector256<ulong> stored, Vector256<ulong> biased, Vector256<ulong> g, out Vector256<int> power,
        ref Vector256<ulong> bad)
    {
        Vector256<int> q = biased.AsInt32() - Vector256.Create(150UL).AsInt32();
        power = (q * 1262611) >> 22;
        Vector256<ulong> h = Low((q + ((power * -1741647) >> 19) + Vector256<int>.One).AsUInt64());
        Vector256<ulong> c = Avx2.ShiftLeftLogicalVariable(stored | Vector256.Create(0x800000UL), h);

        Vector256<ulong> value = Multiply(g >> 32, c) + (Multiply(g, c) >> 32);
        Vector256<ulong> half = Avx2.ShiftRightLogicalVariable(g, Vector256.Create(33UL) - h);
        Vector256<ulong> whole = value >> 32;
        Vector256<ulong> tens = Multiply(Multiply(whole, Vector256.Create(0xCCCCCCCDUL)) >> 35, Vector256.Create(10UL));
        Vector256<ulong> above = value - (tens << 32);
        Vector256<ulong> below = Vector256.Create(10 * One32) - above;

        Vector256<ulong> down = Vector256.LessThan(above.AsInt64(), half.AsInt64()).AsUInt64();
        Vector256<ulong> up = Vector256.LessThan(below.AsInt64(), half.AsInt64()).AsUInt64();
        Vector256<ulong> nearest = (value + Vector256.Create(One32 / 2)) >> 32;
        bad |= IsNear(above - half) | IsNear(below - half) | IsNear(Low(value) - Vector256.Create(One32 / 2));
        return Avx2.BlendVariable(nearest, tens + (up & Vector256.Create(10UL)), down | up);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> IsNear(Vector256<ulong> distance) => Vector256.Equals(
        (distance + Vector256.Create(GuardMask / 2)) & Vector256.Create(~GuardMask), default);

    // Nine digits of each lane to bytes, as QuickText does it; the reciprocal of 1e8 is exact below 5.9e9.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread(Vector256<ulong> digits, out Vector256<byte> even, out Vector256<byte> odd)
    {
        Vector256<ulong> top = Multiply(digits, Vector256.Create(1_441_151_881UL)) >> 57;
        Vector256<ulong> rest = digits - Multiply(top, Vector256.Create((ulong)Ten8));
        Vector256<ulong> high = Multiply(rest, Vector256.Create(109_951_163UL)) >> 40;
        Vector256<ushort> fours =
            (high | ((rest - Multiply(high, Vector256.Create(10_000UL))) << 32)).AsUInt16();
        Vector256<ushort> hundreds = Avx2.MultiplyHigh(fours, Vector256.Create((ushort)5_243)) >> 3;
        Vector256<ushort> twos =
            hundreds | ((fours - (hundreds * (ushort)100)).AsUInt32() << 16).AsUInt16();
        Vector256<ushort> tens = Avx2.MultiplyHigh(twos, Vector256.Create((ushort)6_554));
        Vector256<ulong> text = (tens | ((twos - (tens * (ushort)10)) << 8)).AsUInt64() | Vector256.Create(Zeros);
        Vector256<ulong> others = top | Vector256.Create((ulong)('0' | ('.' << 8) | ('0' << 16)));

        even = Avx2.UnpackLow(text, others).AsByte();
        odd = Avx2.UnpackHigh(text, others).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Gather(ref uint bits)
    {
        ref ulong powers = ref MemoryMarshal.GetArrayDataReference(Powers);
        return Vector256.Create(
            Unsafe.Add(ref powers, (byte)(bits >> 23)), Unsafe.Add(ref powers, (byte)(Unsafe.Add(ref bits, 1) >> 23)),
            Unsafe.Add(ref powers, (byte)(Unsafe.Add(ref bits, 2) >> 23)),
            Unsafe.Add(ref powers, (byte)(Unsafe.Add(ref bits, 3) >> 23)));
    }

    // The lower halves of the lanes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Low(Vector256<ulong> lanes) => lanes & Vector256.Create<ulong>(uint.MaxValue);

    // The products of the lower halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Multiply(Vector256<ulong> a, Vector256<ulong> b) =>
        Avx2.Multiply(a.AsUInt32(), b.AsUInt32());

    private static ulong[] ComputePowers()
    {
        ulong[] powers = GC.AllocateArray<ulong>(256, pinned: true);
        for (int biased = 0; biased < powers.Length; biased++)
        {
            powers[biased] = Shortest.FloatPower(-(((biased - 150) * 1262611) >> 22));
        }
        return powers;
    }
}
