using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>Says whether all elements obey a rule, some vectors at a time.</summary>
internal static class Scan
{
    /// <summary>How many values <see cref="AreAmong"/> compares with.</summary>
    public const int ValuesMax = 3;

    private const int Unrolled = 4;

    /// <summary>True when every number is within the bounds; NaN never is.</summary>
    public static bool AreWithin<T>(ReadOnlySpan<T> numbers, T min, T max) where T : unmanaged =>
        All(numbers, new Within<T>(Vector256.Create(min), Vector256.Create(max)));

    /// <summary>True when every number is one of a few values.</summary>
    public static bool AreAmong<T>(ReadOnlySpan<T> numbers, ReadOnlySpan<T> values) where T : unmanaged
    {
        Debug.Assert(values.Length is > 0 and <= ValuesMax, "the rule holds as many vectors");
        return All(numbers, new Among<T>(
            Vector256.Create(values[0]), Vector256.Create(values[values.Length / 2]), Vector256.Create(values[^1])));
    }

    // Several vectors a branch, so that memory and not the loop is what it waits for.
    private static bool All<T, TRule>(ReadOnlySpan<T> numbers, TRule rule)
        where T : unmanaged
        where TRule : struct, IRule<T>
    {
        ref T start = ref MemoryMarshal.GetReference(numbers);
        int width = Vector256<T>.Count;
        int offset = 0;
        for (; offset <= numbers.Length - (Unrolled * width); offset += Unrolled * width)
        {
            ref T at = ref Unsafe.Add(ref start, offset);
            Vector256<T> first = rule.Obey(Vector256.LoadUnsafe(ref at));
            Vector256<T> second = rule.Obey(Vector256.LoadUnsafe(ref at, (nuint)width));
            Vector256<T> third = rule.Obey(Vector256.LoadUnsafe(ref at, (nuint)(2 * width)));
            Vector256<T> fourth = rule.Obey(Vector256.LoadUnsafe(ref at, (nuint)(3 * width)));
            if (!AllSet(first & second & third & fourth))
            {
                return false;
            }
        }

        for (; offset < numbers.Length; offset++)
        {
            if (!AllSet(rule.Obey(Vector256.Create(numbers[offset]))))
            {
                return false;
            }
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AllSet<T>(Vector256<T> mask) => mask.AsInt64() == Vector256<long>.AllBitsSet;

    private interface IRule<T>
    {
        /// <summary>The mask of the numbers that obey.</summary>
        Vector256<T> Obey(Vector256<T> numbers);
    }

    private readonly struct Within<T>(Vector256<T> min, Vector256<T> max) : IRule<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<T> Obey(Vector256<T> numbers) =>
            Vector256.GreaterThanOrEqual(numbers, min) & Vector256.LessThanOrEqual(numbers, max);
    }

    private readonly struct Among<T>(Vector256<T> first, Vector256<T> second, Vector256<T> third) : IRule<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<T> Obey(Vector256<T> numbers) =>
            Vector256.Equals(numbers, first) | Vector256.Equals(numbers, second) | Vector256.Equals(numbers, third);
    }
}
