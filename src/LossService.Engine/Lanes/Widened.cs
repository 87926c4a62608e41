using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Engine.Lanes;

/// <summary>Four numbers of a row of either width, worked on as doubles: floats are widened and rounded in
/// registers.</summary>
internal static class Widened<T> where T : unmanaged
{
    /// <summary>Reads four numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLane Load(ref T origin, int offset)
    {
        if (typeof(T) == typeof(double))
        {
            return DoubleLane.Load(ref Unsafe.As<T, double>(ref origin), offset);
        }

        Vector128<float> four = Vector128.LoadUnsafe(ref Unsafe.As<T, float>(ref origin), (nuint)offset);
        return new(Avx.IsSupported
            ? Avx.ConvertToVector256Double(four)
            : Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four)));
    }

    /// <summary>Writes four numbers, each rounded to the row's width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(DoubleLane value, ref T origin, int offset)
    {
        if (typeof(T) == typeof(double))
        {
            DoubleLane.Store(value, ref Unsafe.As<T, double>(ref origin), offset);
            return;
        }

        Vector256<double> wide = value.Vector;
        Vector128<float> four = Avx.IsSupported
            ? Avx.ConvertToVector128Single(wide)
            : Vector128.Narrow(wide.GetLower(), wide.GetUpper());
        four.StoreUnsafe(ref Unsafe.As<T, float>(ref origin), (nuint)offset);
    }
}
