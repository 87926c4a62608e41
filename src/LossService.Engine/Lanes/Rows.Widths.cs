using System.Numerics;
using System.Runtime.InteropServices;

namespace LossService.Engine.Lanes;

/// <summary>Rows between widths: what floats borrow from doubles.</summary>
internal static partial class Rows
{
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
