using System.Numerics;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The softmax of one anchor's similarities, seen from each of its positives: what the contrastive losses
/// share.</summary>
internal static class Contrast
{
    // Below it a quotient of exponentials has lost digits or is no number.
    private const double ShareMin = 1e-30;

    /// <summary>-log(e^s_p / Σ e^s) over the positives p, with s the scores over the temperature; leaves the slopes,
    /// times the row's coefficient, in the row. A positive pair costs by itself.</summary>
    /// <param name="row">The anchor's row.</param>
    /// <param name="temperature">What scores are divided by.</param>
    /// <param name="reducer">Says which pairs count, and whether the item is their mean instead of their sum.</param>
    /// <param name="areApart">True when a positive's sum leaves out the other positives.</param>
    public static AnchorAnswer Pairs<T, V>(
        in AnchorRow<T> row, double temperature, Reducer reducer, bool areApart = false)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T> =>
        Row<T, V>(row, temperature, reducer, areApart, takesMean: reducer.Divisor == Divisor.PerAnchor);

    /// <summary>The same where the anchor costs as a whole: the mean over its positives.</summary>
    public static AnchorAnswer Mean<T, V>(in AnchorRow<T> row, double temperature, Reducer reducer)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        double loss = Row<T, V>(row, temperature, Reducer.OfAnchors, areApart: false, takesMean: true).Loss;
        if (reducer.Keeps(loss))
        {
            return new(loss, 1, loss > 0 ? 1 : 0);
        }

        row.Scores.Clear();
        return default;
    }

    private static AnchorAnswer Row<T, V>(
        in AnchorRow<T> row, double temperature, Reducer reducer, bool areApart, bool takesMean)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        ReadOnlySpan<int> positives = row.Positives;
        Span<double> shares = row.Room[..positives.Length];
        Span<double> costs = row.Room.Slice(positives.Length, positives.Length);
        T top = Rows.Max<T, V>(row.Scores);
        Rows.Exp<T, V>(row.Scores, top, T.CreateTruncating(1 / temperature), row.Exponentials);
        double own = 0;
        for (int p = 0; p < positives.Length; p++)
        {
            ref T share = ref row.Exponentials[positives[p]];
            shares[p] = double.CreateTruncating(share);
            own += shares[p];
            share = T.Zero;
        }

        // 1 - p of a likely positive is a sum over everybody else, never a difference.
        double rest = Rows.Sum<T, V>(row.Exponentials);
        double loss = 0;
        double inverse = 0;
        int kept = 0;
        int nonzero = 0;
        for (int p = 0; p < positives.Length; p++)
        {
            double share = shares[p];
            double others = areApart ? rest : rest + (own - share);
            double whole = others + share;
            double lag = double.CreateTruncating(top) - double.CreateTruncating(row.Scores[positives[p]]);
            costs[p] = share > ShareMin * whole
                ? ScalarLane.Log1p(others / share).Value
                : ScalarLane.Log(whole).Value + (lag / temperature);
            if (reducer.Keeps(costs[p]))
            {
                loss += costs[p];
                inverse += 1 / whole;
                kept++;
                nonzero += costs[p] > 0 ? 1 : 0;
            }
        }

        double divisor = takesMean ? positives.Length : 1;
        double factor = row.Coefficient / (temperature * divisor);
        Rows.Scale<T, V>(row.Exponentials, T.CreateTruncating(factor * inverse), row.Scores);
        for (int p = 0; p < positives.Length; p++)
        {
            // A pair has its own slope if it counts, and its share in the sums of the others that do.
            double share = shares[p];
            double whole = (areApart ? rest : rest + (own - share)) + share;
            double gain = areApart ? 0 : kept * share;
            double lack = !reducer.Keeps(costs[p]) ? -gain : areApart ? rest : rest + (own - gain);
            row.Scores[positives[p]] = T.CreateTruncating(factor * (-lack / whole));
        }

        return new(loss / divisor, kept, nonzero);
    }
}
