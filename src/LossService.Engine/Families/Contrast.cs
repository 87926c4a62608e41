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
    /// times the row's coefficient, in the row.</summary>
    /// <param name="row">The anchor's row.</param>
    /// <param name="temperature">What scores are divided by.</param>
    /// <param name="areApart">True when a positive's sum leaves out the other positives.</param>
    /// <param name="takesMean">True for the mean over the positives instead of the sum.</param>
    public static double Row<T, V>(in AnchorRow<T> row, double temperature, bool areApart, bool takesMean)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>
    {
        ReadOnlySpan<int> positives = row.Positives;
        Span<double> shares = row.Shares;
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
        for (int p = 0; p < positives.Length; p++)
        {
            double share = shares[p];
            double others = areApart ? rest : rest + (own - share);
            double whole = others + share;
            double lag = double.CreateTruncating(top) - double.CreateTruncating(row.Scores[positives[p]]);
            loss += share > ShareMin * whole
                ? ScalarLane.Log1p(others / share).Value
                : ScalarLane.Log(whole).Value + (lag / temperature);
            inverse += 1 / whole;
            double lack = areApart ? rest : rest + (own - (positives.Length * share));
            shares[p] = -lack / whole;
        }

        double divisor = takesMean ? positives.Length : 1;
        double factor = row.Coefficient / (temperature * divisor);
        Rows.Scale<T, V>(row.Exponentials, T.CreateTruncating(factor * inverse), row.Scores);
        for (int p = 0; p < positives.Length; p++)
        {
            row.Scores[positives[p]] = T.CreateTruncating(factor * shares[p]);
        }

        return loss / divisor;
    }
}
