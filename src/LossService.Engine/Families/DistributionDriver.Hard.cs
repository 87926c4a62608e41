using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The hard cross-entropy that distillation mixes in: q's logits at temperature 1 against labels.</summary>
internal sealed partial class DistributionDriver<TLoss, T, V>
{
    // Keeps the softmax in Hard, and 1 - p of the label, from the sum of the others, in One[0].
    private double MeasureHard(int row, in DistributionRow<T> at)
    {
        Span<T> scores = _q!.Scores(_layout, row, at.Room);
        Span<T> hard = at.Hard[.._layout.Classes];
        int label = _labels!.Label[row];
        T top = RowSoftmax.Top<T, V>(ref scores, at.Room);
        Rows.Exp<T, V>(scores, top, T.One, hard);
        double own = double.CreateTruncating(hard[label]);
        hard[label] = T.Zero;
        double rest = Rows.Sum<T, V>(hard);
        hard[label] = T.CreateTruncating(own);
        double total = rest + own;
        double log = own == 1 ? ScalarLane.Log1p(rest).Value : ScalarLane.Log(total).Value;
        double gap = double.CreateTruncating(top - scores[label]);
        Rows.Scale<T, V>(hard, T.CreateTruncating(1 / total), hard);
        at.One[0] = T.CreateTruncating(rest / total);
        return _loss.HardWeight * double.CreateTruncating(at.Weights[0]) * (gap + log);
    }

    private void AddHardSlopes(int row, Span<T> slopes, in DistributionRow<T> at)
    {
        T factor = T.CreateTruncating(_loss.HardWeight) * at.Coefficients[0];
        int label = _labels!.Label[row];
        for (int c = 0; c < slopes.Length; c++)
        {
            slopes[c] += c == label ? -(factor * at.One[0]) : factor * at.Hard[c];
        }
    }

    private void AddHardCurves(Span<T> curves, in DistributionRow<T> at)
    {
        T factor = T.CreateTruncating(_loss.HardWeight) * at.Curvatures[0];
        (int top, double others) = Likeliest(at.Hard[..curves.Length]);
        for (int c = 0; c < curves.Length; c++)
        {
            T miss = c == top ? T.CreateTruncating(others) : T.One - at.Hard[c];
            curves[c] += factor * at.Hard[c] * miss;
        }
    }
}
