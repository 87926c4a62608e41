using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Engine.Lanes;

/// <summary>Turns a square block of a matrix over its diagonal, of 256 bits whatever the lanes are.</summary>
/// <remarks>Numbers are moved, never computed with, so the instructions used change no bit.</remarks>
internal static class Transpose
{
    /// <summary>How many rows and columns a block has.</summary>
    public static int Side<T>() => Vector256<T>.Count;

    /// <summary>Number k of row j goes to row k, place j. Rows of <paramref name="to"/> are written from first to last,
    /// each whole: a row may overlap the ones before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block<T>(ref T from, int fromStride, ref T to, int toStride) where T : unmanaged
    {
        if (!Avx.IsSupported)
        {
            OneByOne(ref from, fromStride, ref to, toStride);
        }
        else if (typeof(T) == typeof(float))
        {
            Eight(ref Unsafe.As<T, float>(ref from), fromStride, ref Unsafe.As<T, float>(ref to), toStride);
        }
        else
        {
            Four(ref Unsafe.As<T, double>(ref from), fromStride, ref Unsafe.As<T, double>(ref to), toStride);
        }
    }

    private static void OneByOne<T>(ref T from, int fromStride, ref T to, int toStride) where T : unmanaged
    {
        for (int k = 0; k < Vector256<T>.Count; k++)
        {
            for (int j = 0; j < Vector256<T>.Count; j++)
            {
                Unsafe.Add(ref to, (k * toStride) + j) = Unsafe.Add(ref from, (j * fromStride) + k);
            }
        }
    }

    private static void Eight(ref float from, int fromStride, ref float to, int toStride)
    {
        HalfOfEight(ref from, fromStride, ref to, toStride);
        HalfOfEight(ref Unsafe.Add(ref from, 4), fromStride, ref Unsafe.Add(ref to, 4 * toStride), toStride);
    }

    // Four numbers of eight rows. Rows j and j + 4 share a vector from the start, so that nothing has to cross the
    // middle of a vector later.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalfOfEight(ref float from, int fromStride, ref float to, int toStride)
    {
        Vector256<float> r0 = Halves(ref from, 0, 4 * fromStride);
        Vector256<float> r1 = Halves(ref from, fromStride, 5 * fromStride);
        Vector256<float> r2 = Halves(ref from, 2 * fromStride, 6 * fromStride);
        Vector256<float> r3 = Halves(ref from, 3 * fromStride, 7 * fromStride);
        Vector256<float> low01 = Avx.UnpackLow(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3);
        Vector256<float> high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> high23 = Avx.UnpackHigh(r2, r3);
        const byte LowPairs = 0b01_00_01_00;
        const byte HighPairs = 0b11_10_11_10;
        Avx.Shuffle(low01, low23, LowPairs).StoreUnsafe(ref to);
        Avx.Shuffle(low01, low23, HighPairs).StoreUnsafe(ref to, (nuint)toStride);
        Avx.Shuffle(high01, high23, LowPairs).StoreUnsafe(ref to, (nuint)(2 * toStride));
        Avx.Shuffle(high01, high23, HighPairs).StoreUnsafe(ref to, (nuint)(3 * toStride));
    }

    private static void Four(ref double from, int fromStride, ref double to, int toStride)
    {
        HalfOfFour(ref from, fromStride, ref to, toStride);
        HalfOfFour(ref Unsafe.Add(ref from, 2), fromStride, ref Unsafe.Add(ref to, 2 * toStride), toStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalfOfFour(ref double from, int fromStride, ref double to, int toStride)
    {
        Vector256<double> even = Halves(ref from, 0, 2 * fromStride);
        Vector256<double> odd = Halves(ref from, fromStride, 3 * fromStride);
        Avx.UnpackLow(even, odd).StoreUnsafe(ref to);
        Avx.UnpackHigh(even, odd).StoreUnsafe(ref to, (nuint)toStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> Halves<T>(ref T from, int low, int high) where T : unmanaged => Vector256.Create(
        Vector128.LoadUnsafe(ref from, (nuint)low), Vector128.LoadUnsafe(ref from, (nuint)high));
}
