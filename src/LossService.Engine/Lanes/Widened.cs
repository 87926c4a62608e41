using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Engine.Lanes;

/// <summary>A vector's worth of a row of either width, worked on as doubles: floats are widened and rounded in
/// registers.</summary>
internal static class Widened<T, V>
    where T : unmanaged
    where V : struct, IVectorLane<V, double>
{
    // Of the branches one is left when the method is compiled.
    private static bool IsWide => typeof(V) == typeof(WideDoubleLane);

    /// <summary>Reads as many numbers as the lane holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(ref T origin, int offset)
    {
        if (typeof(T) == typeof(double))
        {
            return V.Load(ref Unsafe.As<T, double>(ref origin), offset);
        }

        ref float floats = ref Unsafe.As<T, float>(ref origin);
        if (IsWide)
        {
            var eight = Vector256.LoadUnsafe(ref floats, (nuint)offset);
            return Unsafe.BitCast<WideDoubleLane, V>(new(Avx512F.IsSupported
                ? Avx512F.ConvertToVector512Double(eight)
                : Vector512.Create(Vector256.WidenLower(eight), Vector256.WidenUpper(eight))));
        }

        var four = Vector128.LoadUnsafe(ref floats, (nuint)offset);
        return Unsafe.BitCast<DoubleLane, V>(new(Avx.IsSupported
            ? Avx.ConvertToVector256Double(four)
            : Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four))));
    }

    /// <summary>Writes as many numbers, each rounded to the row's width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(V value, ref T origin, int offset)
    {
        if (typeof(T) == typeof(double))
        {
            V.Store(value, ref Unsafe.As<T, double>(ref origin), offset);
            return;
        }

        ref float floats = ref Unsafe.As<T, float>(ref origin);
        if (IsWide)
        {
            Vector512<double> eight = Unsafe.BitCast<V, WideDoubleLane>(value).Vector;
            Vector256<float> narrowed = Avx512F.IsSupported
                ? Avx512F.ConvertToVector256Single(eight)
                : Vector256.Narrow(eight.GetLower(), eight.GetUpper());
            narrowed.StoreUnsafe(ref floats, (nuint)offset);
            return;
        }

        Vector256<double> wide = Unsafe.BitCast<V, DoubleLane>(value).Vector;
        Vector128<float> four = Avx.IsSupported
            ? Avx.ConvertToVector128Single(wide)
            : Vector128.Narrow(wide.GetLower(), wide.GetUpper());
        four.StoreUnsafe(ref floats, (nuint)offset);
    }
}
