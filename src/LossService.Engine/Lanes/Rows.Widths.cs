using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Engine.Lanes;

/// <summary>Rows between widths: floats to doubles and back, and what floats borrow from doubles.</summary>
internal static partial class Rows
{
    /// <summary>A row in another width, or in its own.</summary>
    public static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> row, Span<TTo> destination)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        if (typeof(TFrom) == typeof(TTo))
        {
            MemoryMarshal.Cast<TFrom, TTo>(row).CopyTo(destination);
        }
        else if (typeof(TTo) == typeof(double))
        {
            Widen(row, MemoryMarshal.Cast<TTo, double>(destination));
        }
        else
        {
            Narrow(MemoryMarshal.Cast<TFrom, double>(row), destination);
        }
    }

    /// <summary>A row in doubles.</summary>
    public static void Widen<T>(ReadOnlySpan<T> row, Span<double> destination) where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            MemoryMarshal.Cast<T, double>(row).CopyTo(destination);
            return;
        }

        ReadOnlySpan<float> floats = MemoryMarshal.Cast<T, float>(row);
        ref float from = ref MemoryMarshal.GetReference(floats);
        ref double to = ref MemoryMarshal.GetReference(destination);
        int i = 0;
        for (; i <= floats.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.LoadUnsafe(ref from, (nuint)i));
            low.StoreUnsafe(ref to, (nuint)i);
            high.StoreUnsafe(ref to, (nuint)i + 4);
        }

        for (; i < floats.Length; i++)
        {
            destination[i] = floats[i];
        }
    }

    /// <summary>A row of doubles, each rounded to the destination's width.</summary>
    public static void Narrow<T>(ReadOnlySpan<double> row, Span<T> destination) where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            row.CopyTo(MemoryMarshal.Cast<T, double>(destination));
            return;
        }

        Span<float> floats = MemoryMarshal.Cast<T, float>(destination);
        ref double from = ref MemoryMarshal.GetReference(row);
        ref float to = ref MemoryMarshal.GetReference(floats);
        int i = 0;
        for (; i <= row.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256.Narrow(
                Vector256.LoadUnsafe(ref from, (nuint)i),
                Vector256.LoadUnsafe(ref from, (nuint)i + 4)).StoreUnsafe(ref to, (nuint)i);
        }

        for (; i < row.Length; i++)
        {
            floats[i] = (float)row[i];
        }
    }

    /// <summary>e to the power of a row, correctly rounded but for one case in millions: floats go through
    /// doubles.</summary>
    public static void ExpRounded<T, V>(ReadOnlySpan<T> row, Span<T> destination)
        where T : unmanaged, INumberBase<T>
        where V : struct, IVectorLane<V, T>
    {
        if (typeof(T) == typeof(double))
        {
            Map<T, V, Exponential<T, V>>(row, default, destination);
            return;
        }

        Span<double> wide = stackalloc double[DoubleLane.Count];
        ref double start = ref MemoryMarshal.GetReference(wide);
        for (int i = 0; i < row.Length; i += DoubleLane.Count)
        {
            int count = Math.Min(DoubleLane.Count, row.Length - i);
            for (int k = 0; k < count; k++)
            {
                wide[k] = double.CreateTruncating(row[i + k]);
            }

            DoubleLane.Store(DoubleLane.Exp(DoubleLane.Load(ref start, 0)), ref start, 0);
            for (int k = 0; k < count; k++)
            {
                destination[i + k] = T.CreateTruncating(wide[k]);
            }
        }
    }
}
