using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The gradients and Hessians of a softmax loss, row by row, from the exponentials that were kept.</summary>
internal sealed partial class SoftmaxRowDriver<TLoss, T, V>
{
    private void Differentiate(int row, int r, in RowGroup<T> group, bool onlyCurves)
    {
        if (!onlyCurves && _result.Gradients[0] is { } gradient)
        {
            Span<T> slopes = _layout.Room(gradient, row, group.Gathered);
            if (_plan.IsLeftOut(row))
            {
                slopes.Clear();
            }
            else
            {
                Slopes(row, r, group, slopes);
            }

            _layout.Write<T>(gradient, row, slopes);
        }

        if (_result.Hessians[0] is { } hessian)
        {
            Span<T> curves = _layout.Room(hessian, row, group.Gathered);
            Curves(row, r, group, curves);
            _layout.Write<T>(hessian, row, curves);
        }

        if (_result.Gradients[_target.Place] is { } targetGradient)
        {
            Span<T> slopes = _layout.Room(targetGradient, row, group.TargetGathered);
            TargetSlopes(row, r, group, slopes);
            _layout.Write<T>(targetGradient, row, slopes);
            if (_result.Hessians[_target.Place] is { } targetHessian)
            {
                Span<T> curves = _layout.Room(targetHessian, row, group.TargetGathered);
                TargetCurves(row, r, group, curves);
                _layout.Write<T>(targetHessian, row, curves);
            }
        }
    }

    // Σ t' is linear in z but for the log-sum-exp: grad_j = OnProbability p_j - OnCross w_j t'_j.
    private void Slopes(int row, int r, in RowGroup<T> group, Span<T> slopes)
    {
        double coefficient = double.CreateTruncating(group.Coefficients[r]);
        double total = group.Total[r];
        double onProbability = group.OnProbability[r] * coefficient;
        double onCross = group.OnCross[r] * coefficient;
        if (double.IsNaN(group.Losses[r]) && double.IsNaN(total))
        {
            slopes.Fill(T.NaN);
            return;
        }

        if (TLoss.TakesLogProbabilities)
        {
            slopes.Clear();
        }
        else
        {
            Rows.Scale<T, V>(group.Exps(r), T.CreateTruncating(onProbability / total), slopes);
        }

        double kept = 1 - _target.Smoothing;
        double share = onCross * _target.Smoothing / slopes.Length;
        if (_target.Smoothing > 0)
        {
            for (int c = 0; c < slopes.Length; c++)
            {
                slopes[c] -= T.CreateTruncating(share * _target.WeightOf(c));
            }
        }

        if (_target.Labels is not null)
        {
            int label = _target.Labels.Label[row];
            double weighed = ((onCross * kept) + share) * _target.WeightOf(label);
            slopes[label] = T.CreateTruncating(TLoss.TakesLogProbabilities
                ? -weighed
                : LikelySlope(onProbability, weighed, group.Own[r], group.Rest[r]));
            return;
        }

        ReadOnlySpan<T> weighted = Weigh(_layout.Read(_target.Probabilities!, row, group.TargetGathered), group);
        T factor = T.CreateTruncating(onCross * kept);
        for (int c = 0; c < slopes.Length; c++)
        {
            slopes[c] -= factor * weighted[c];
        }

        // The likeliest class has the exponential 1: more than half of a sum below 2.
        if (!TLoss.TakesLogProbabilities && total < 2)
        {
            int top = Rows.IndexOf<T, V>(group.Exps(r), T.One);
            double own = double.CreateTruncating(weighted[top]);

            // A target that is divided by its mass is so here once more: y / y is 1 exactly, y · (1 / y) is not.
            double weighed = TLoss.NormalizesTarget && group.Mass[r] > 0
                ? onProbability * (own / group.Mass[r])
                : (onCross * kept * own) + (share * _target.WeightOf(top));
            slopes[top] = T.CreateTruncating(LikelySlope(onProbability, weighed, 1, group.Rest[r]));
        }
    }

    // OnProbability p - weighed for p near 1, where the difference would lose its digits:
    // (OnProbability - weighed) p - weighed (1 - p), with 1 - p from the exponentials of all others.
    private static double LikelySlope(double onProbability, double weighed, double own, double others) =>
        (((onProbability - weighed) * own) - (weighed * others)) / (own + others);

    private static double SumOfOthers(Span<T> exps, int one)
    {
        T left = exps[one];
        exps[one] = T.Zero;
        double others = Rows.Sum<T, V>(exps);
        exps[one] = left;
        return others;
    }

    // hess_j = OnProbability p_j (1 - p_j), with 1 - p of the largest from the sum of all others; and where the loss
    // bends, Bend (Mass (p_j - [j = y]))².
    private void Curves(int row, int r, in RowGroup<T> group, Span<T> curves)
    {
        if (TLoss.TakesLogProbabilities || _plan.IsLeftOut(row))
        {
            curves.Clear();
            return;
        }

        Span<T> exps = group.Exps(r);
        double total = group.Total[r];
        int top = 0;
        for (int c = 1; c < exps.Length; c++)
        {
            top = exps[c] > exps[top] ? c : top;
        }

        double others = SumOfOthers(exps, top);
        double factor = group.OnProbability[r] * double.CreateTruncating(group.Curvatures[r]);
        for (int c = 0; c < curves.Length; c++)
        {
            double p = double.CreateTruncating(exps[c]) / total;
            double miss = c == top ? others / total : 1 - p;
            curves[c] = T.CreateTruncating((factor * p * miss) + BendAt(row, r, c, p, group));
        }
    }

    private double BendAt(int row, int r, int c, double p, in RowGroup<T> group)
    {
        if (!TLoss.IsBent)
        {
            return 0;
        }

        double apart = group.Mass[r] * (c == _target.Labels!.Label[row] ? group.Rest[r] / group.Total[r] : p);
        double bend = group.Bend[r] * double.CreateTruncating(group.Curvatures[r]);
        return apart == 0 || bend == 0 ? 0 : bend * apart * apart;
    }

    private void TargetSlopes(int row, int r, in RowGroup<T> group, Span<T> slopes) =>
        TargetSlopes(row, r, group, slopes, double.CreateTruncating(group.Coefficients[r]));

    // A loss that is linear in its target has none; Cross / Mass has -2 / Mass times its slope.
    private void TargetCurves(int row, int r, in RowGroup<T> group, Span<T> curves)
    {
        double mass = group.Mass[r];
        if (!TLoss.NormalizesTarget || mass == 0)
        {
            curves.Clear();
            return;
        }

        TargetSlopes(row, r, group, curves, -2 / mass * double.CreateTruncating(group.Curvatures[r]));
    }

    // ∂loss/∂t_j = (1 - smoothing) w_j (OnCross (lse - z_j) + OnMass).
    private void TargetSlopes(int row, int r, in RowGroup<T> group, Span<T> slopes, double factor)
    {
        if (_plan.IsLeftOut(row))
        {
            slopes.Clear();
            return;
        }

        Span<T> scores = _layout.Read(_scores, row, group.Gathered);
        T top = Prepare(ref scores, group);
        double coefficient = factor * (1 - _target.Smoothing);
        for (int c = 0; c < slopes.Length; c++)
        {
            double gap = double.CreateTruncating(top - scores[c]) + group.Log[r];
            slopes[c] = T.CreateTruncating(
                coefficient * _target.WeightOf(c) * ((group.OnCross[r] * gap) + group.OnMass[r]));
        }
    }
}
