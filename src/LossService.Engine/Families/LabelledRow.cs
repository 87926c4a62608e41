using System.Runtime.CompilerServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>A row whose target is one class y: what a loss that is a function of p_y alone starts from.</summary>
/// <param name="Weight">The class's weight, w_y.</param>
/// <param name="Surprisal">-log p_y.</param>
/// <param name="Probability">p_y.</param>
/// <param name="Miss">1 - p_y, exact where p_y is near 1.</param>
internal readonly record struct LabelledRow<V>(V Weight, V Surprisal, V Probability, V Miss)
    where V : struct, ILane<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LabelledRow<V> Of(RowStatistics<V> row)
    {
        V surprisal = V.Select(V.Same(row.Mass, 0), 0, row.Cross / row.Mass);
        return new(row.Mass, surprisal, V.Exp(-surprisal), -V.Expm1(-surprisal));
    }

    /// <summary>The answer of an unweighted item and its slope on -log p_y, which is k (p_j - [j = y]) on the
    /// scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowAnswer<V> Answer(V item, V slope) =>
        new(V.ZeroTimes(Weight, item), Weight * slope, slope, 0);
}
