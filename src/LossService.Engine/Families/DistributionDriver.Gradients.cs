using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The gradients of a loss between distributions, through the form in which a side is written.</summary>
internal sealed partial class DistributionDriver<TLoss, T, V>
{
    private void Differentiate(int row, in DistributionRow<T> at)
    {
        Differentiate<OnP>(_p, row, at.P, at.LogP, at);
        if (_q is not null)
        {
            Differentiate<OnQ>(_q, row, at.Q, at.LogQ, at);
        }
    }

    private void Differentiate<TSide>(
        DistributionSide<T, V> side, int row, Span<T> p, Span<T> logP, in DistributionRow<T> at)
        where TSide : struct, ISide
    {
        if (_result.Gradients[side.Place] is not { } gradient)
        {
            return;
        }

        bool hard = TSide.IsQ && _labels is not null;
        Tensor? hessian = _result.Hessians[side.Place];
        int classes = _layout.Classes;
        bool differs = TSide.IsQ && side.Form == DistributionForm.Logits && _loss.IsCrossEntropyInQ
            && !_loss.ItemsAreTerms;
        if (!TSide.IsQ && SumsExcesses)
        {
            SlopesOfGaps(at);
        }
        else if (!differs)
        {
            Slopes<TSide>(side.Form, p, logP, at, at.Coefficients, twice: false);
        }

        Span<T> slopes = _layout.Room(gradient, row, at.Output);
        if (side.Form == DistributionForm.Logits)
        {
            if (differs)
            {
                DifferOnLogits(row, slopes, at);
            }
            else
            {
                SlopesOnLogits(slopes, p[..classes], at);
            }
        }
        else
        {
            at.Slopes[..classes].CopyTo(slopes);
        }

        if (hard)
        {
            AddHardSlopes(row, slopes, at);
        }

        _layout.Write<T>(gradient, row, slopes);
        if (hessian is not null)
        {
            Span<T> curves = _layout.Room(hessian, row, at.Output);
            Curves<TSide>(side.Form, p, logP, at, curves);
            if (hard)
            {
                AddHardCurves(curves, at);
            }

            _layout.Write<T>(hessian, row, curves);
        }
    }

    // The slope of each term on this side, by a dual seeded on p (probabilities) or on log p (the others).
    private void Slopes<TSide>(
        DistributionForm form, Span<T> p, Span<T> logP, in DistributionRow<T> at, Span<T> factors, bool twice)
        where TSide : struct, ISide
    {
        TLoss loss = _loss;
        V scale = V.Of(_termScale);
        ref T slope = ref MemoryMarshal.GetReference(at.Slopes);
        ref T curve = ref MemoryMarshal.GetReference(at.Curves);
        Span<T> coefficients = at.Terms; // with room for a whole vector past the end
        factors.CopyTo(coefficients);
        for (int c = 0; c < _layout.Classes; c += V.Count)
        {
            V value = Load(p, c);
            V log = Load(logP, c);
            V one = V.Of(1);
            V onValue = form == DistributionForm.Probabilities ? one : value;
            V onLog = form == DistributionForm.Probabilities ? one / value : one;
            V otherP = Load(at.P, c);
            V otherLogP = Load(at.LogP, c);
            V otherQ = Load(at.Q, c);
            V otherLogQ = Load(at.LogQ, c);
            V gap = Load(at.Gaps, c);
            // On q the slope is taken on log q and divided by q at the end: one rounding less than by 1 / q.
            Dual<V> term = TSide.IsQ
                ? loss.Term(
                    Constant(otherP), Constant(otherLogP), Constant(otherQ), new Dual<V>(log, one), Constant(gap))
                : loss.Term(
                    new Dual<V>(value, onValue), new Dual<V>(log, onLog),
                    Constant(otherQ), Constant(otherLogQ), Constant(gap));
            V onSide = V.ZeroTimes(scale, V.ZeroTimes(Load(coefficients, c), term.Slope));
            V.Store(
                TSide.IsQ && form == DistributionForm.Probabilities
                    ? V.Select(V.Same(onSide, V.Of(0)), V.Of(0), onSide / value)
                    : onSide,
                ref slope, c);
            if (!twice)
            {
                continue; // else the slope is taken the same way, so that it has the same bits
            }

            bool given = form == DistributionForm.Probabilities;
            var dualValue = new Dual<Dual<V>>(new(value, onValue), new(onValue, given ? V.Of(0) : value));
            var dualLog = new Dual<Dual<V>>(new(log, onLog), new(onLog, given ? -(onLog * onLog) : V.Of(0)));
            Dual<Dual<V>> both = TSide.IsQ
                ? loss.Term(Fixed(otherP), Fixed(otherLogP), Fixed(otherQ), dualLog, Fixed(gap))
                : loss.Term(dualValue, dualLog, Fixed(otherQ), Fixed(otherLogQ), Fixed(gap));
            V.Store(V.ZeroTimes(scale, both.Slope.Slope), ref curve, c);
        }
    }

    private void Curves<TSide>(DistributionForm form, Span<T> p, Span<T> logP, in DistributionRow<T> at, Span<T> curves)
        where TSide : struct, ISide
    {
        // The slopes again, with the Hessian's own coefficients, and the second derivatives.
        Slopes<TSide>(form, p, logP, at, at.Curvatures, twice: true);
        int classes = _layout.Classes;
        if (form != DistributionForm.Logits)
        {
            for (int c = 0; c < classes; c++)
            {
                curves[c] = at.Curvatures[c] == T.Zero ? T.Zero : at.Curves[c] * at.Curvatures[c];
            }

            return;
        }

        Span<T> weighed = at.Curves;
        double slopeSum = Sums.OfBlock<T>(at.Slopes[..classes]);
        for (int c = 0; c < classes; c++)
        {
            weighed[c] = at.Curvatures[c] == T.Zero ? T.Zero : at.Curves[c] * at.Curvatures[c];
        }

        double curveSum = Sums.OfBlock<T>(weighed[..classes]);
        (int top, double othersP) = Likeliest(p[..classes]);
        double othersCurve = SumOfOthers(weighed[..classes], top);
        double scale = 1 / (_loss.Temperature * _loss.Temperature);
        for (int c = 0; c < classes; c++)
        {
            double one = double.CreateTruncating(p[c]);
            double miss = c == top ? othersP : 1 - one;
            double own = double.CreateTruncating(weighed[c]);
            double rest = c == top ? othersCurve : curveSum - own;
            curves[c] =
                T.CreateTruncating(scale * ((own * miss * miss) + (one * one * rest) - (one * miss * slopeSum)));
        }
    }

    // h_j - p_j Σh. For the likeliest class, where p is near 1, that is h (1 - p) - p Σ h of the others, whose 1 - p
    // comes from the others too.
    private void SlopesOnLogits(Span<T> slopes, Span<T> p, in DistributionRow<T> at)
    {
        Span<T> h = at.Slopes[..p.Length];
        double scale = 1 / _loss.Temperature;
        (int top, double othersP) = Likeliest(p);
        double othersH = SumOfOthers(h, top);
        double own = double.CreateTruncating(h[top]);
        double sum = othersH + own;
        for (int c = 0; c < p.Length; c++)
        {
            slopes[c] =
                T.CreateTruncating(scale * (double.CreateTruncating(h[c]) - (double.CreateTruncating(p[c]) * sum)));
        }

        slopes[top] = T.CreateTruncating(scale * ((own * othersP) - (double.CreateTruncating(p[top]) * othersH)));
    }

    // The slopes on log p of a divergence between logits, less what all classes have alike: the softmax would take that
    // away again, and with it the digits of near sides.
    private void SlopesOfGaps(in DistributionRow<T> at)
    {
        V factor = V.All(at.Coefficients[0]);
        for (int c = 0; c < _layout.Classes; c += V.Count)
        {
            V slope = V.ZeroTimes(factor, V.ZeroTimes(Load(at.P, c), -Load(at.Gaps, c)));
            V.Store(V.ZeroTimes(V.Of(_termScale), slope), ref MemoryMarshal.GetReference(at.Slopes), c);
        }
    }

    private static (int Top, double Others) Likeliest(Span<T> p)
    {
        int top = Math.Max(0, Rows.IndexOf<T, V>(p, Rows.Max<T, V>(p)));
        return (top, SumOfOthers(p, top));
    }

    private static double SumOfOthers(Span<T> numbers, int left)
    {
        T kept = numbers[left];
        numbers[left] = T.Zero;
        double sum = Sums.OfBlock<T>(numbers);
        numbers[left] = kept;
        return sum;
    }

    // q Σp - p; of nearly equal distributions as p (e^gap - 1) with gap = log q - log p + log Σp.
    private void DifferOnLogits(int row, Span<T> slopes, in DistributionRow<T> at)
    {
        int classes = _layout.Classes;
        double mass = _p.Form == DistributionForm.Logits ? 1 : Rows.Sum<T, V>(at.P[..classes]);
        V factor = V.All(at.Coefficients[0]) * V.Of(_termScale / _loss.Temperature);
        Span<T> gaps = SumsExcesses ? at.Gaps : Gaps(row, mass, at); // as the terms have left them
        ref T difference = ref MemoryMarshal.GetReference(at.Terms);
        for (int c = 0; c < classes; c += V.Count)
        {
            V p = Load(at.P, c);
            V gap = Load(gaps, c);
            V apart = V.MultiplyAdd(Load(at.Q, c), V.Of(mass), -p);
            V.Store(factor * V.Select(V.Abs(gap) < V.Of(0.5), p * V.Expm1(gap), apart), ref difference, c);
        }

        at.Terms[..classes].CopyTo(slopes);
    }

    private static Dual<V> Constant(V value) => new(value, V.Of(0));

    private static Dual<Dual<V>> Fixed(V value) => new(new(value, V.Of(0)), new(V.Of(0), V.Of(0)));

    private interface ISide
    {
        static abstract bool IsQ { get; }
    }

    private readonly struct OnP : ISide
    {
        public static bool IsQ => false;
    }

    private readonly struct OnQ : ISide
    {
        public static bool IsQ => true;
    }
}
