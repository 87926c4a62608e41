using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>Looks for the first element that breaks a rule, a vector at a time. Each answers an offset, or
/// -1.</summary>
internal static class Scan
{
    /// <summary>The first number that is not within the bounds; NaN never is.</summary>
    public static int FirstOutside<T>(ReadOnlySpan<T> numbers, T min, T max) where T : unmanaged, IComparable<T>
    {
        ref T start = ref MemoryMarshal.GetReference(numbers);
        int width = Vector256<T>.Count;
        Vector256<T> low = Vector256.Create(min);
        Vector256<T> high = Vector256.Create(max);
        int offset = 0;
        for (; offset <= numbers.Length - width; offset += width)
        {
            Vector256<T> some = Vector256.LoadUnsafe(ref start, (nuint)offset);
            if (!Vector256.GreaterThanOrEqualAll(some, low) || !Vector256.LessThanOrEqualAll(some, high))
            {
                break;
            }
        }

        for (; offset < numbers.Length; offset++)
        {
            T one = numbers[offset];
            if (IsNaN(one) || one.CompareTo(min) < 0 || one.CompareTo(max) > 0)
            {
                return offset;
            }
        }

        return -1;
    }

    /// <summary>The first NaN or infinity.</summary>
    public static int FirstNonFinite<T>(ReadOnlySpan<T> numbers) where T : unmanaged, IComparable<T> =>
        typeof(T) == typeof(float)
            ? FirstOutside(MemoryMarshal.Cast<T, float>(numbers), float.MinValue, float.MaxValue)
            : FirstOutside(MemoryMarshal.Cast<T, double>(numbers), double.MinValue, double.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsNaN<T>(T value) => value is float single ? float.IsNaN(single) : value is double.NaN;
}
