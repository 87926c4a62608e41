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
        Slopes<TSide>(side.Form, p, logP, at, at.Coefficients, hessian is not null);
        Span<T> slopes = _layout.Room(gradient, row, at.Output);
        if (side.Form == DistributionForm.Logits)
        {
            double temperature = _loss.Temperature;
            T sum = T.CreateTruncating(Sums.OfBlock<T>(at.Slopes[..classes]));
            T scale = T.CreateTruncating(1 / temperature);
            for (int c = 0; c < classes; c++)
            {
                slopes[c] = (at.Slopes[c] - (p[c] * sum)) * scale;
            }

            // The gradient sums to 0. That of the likeliest class would lose its digits with 1 - p: it is what the others leave.
            int top = TopOf(p[..classes]);
            slopes[top] = T.CreateTruncating(0 - SumWithout(slopes, top));
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
            V otherLogQ = Load(at.LogQ, c);
            if (!twice)
            {
                Dual<V> term = TSide.IsQ
                    ? loss.Term(Constant(otherP), Constant(otherLogP), new Dual<V>(log, onLog))
                    : loss.Term(new Dual<V>(value, onValue), new Dual<V>(log, onLog), Constant(otherLogQ));
                V.Store(scale * V.ZeroTimes(Load(coefficients, c), term.Slope), ref slope, c);
                continue;
            }

            bool given = form == DistributionForm.Probabilities;
            var dualValue = new Dual<Dual<V>>(new(value, onValue), new(onValue, given ? V.Of(0) : value));
            var dualLog = new Dual<Dual<V>>(new(log, onLog), new(onLog, given ? -(onLog * onLog) : V.Of(0)));
            Dual<Dual<V>> both = TSide.IsQ
                ? loss.Term(Fixed(otherP), Fixed(otherLogP), dualLog)
                : loss.Term(dualValue, dualLog, Fixed(otherLogQ));
            V.Store(scale * V.ZeroTimes(Load(coefficients, c), both.Value.Slope), ref slope, c);
            V.Store(scale * both.Slope.Slope, ref curve, c);
        }
    }

    private void Curves<TSide>(DistributionForm form, Span<T> p, Span<T> logP, in DistributionRow<T> at, Span<T> curves)
        where TSide : struct, ISide
    {
        int classes = _layout.Classes;
        if (form != DistributionForm.Logits)
        {
            for (int c = 0; c < classes; c++)
            {
                curves[c] = at.Curvatures[c] == T.Zero ? T.Zero : at.Curves[c] * at.Curvatures[c];
            }

            return;
        }

        // The slopes were multiplied by the gradient's coefficients; the Hessian has its own, so they are taken anew.
        Span<T> weighed = at.Curves;
        Slopes<TSide>(form, p, logP, at, at.Curvatures, twice: true);
        double slopeSum = Sums.OfBlock<T>(at.Slopes[..classes]);
        for (int c = 0; c < classes; c++)
        {
            weighed[c] = at.Curvatures[c] == T.Zero ? T.Zero : at.Curves[c] * at.Curvatures[c];
        }

        double curveSum = Sums.OfBlock<T>(weighed[..classes]);
        double scale = 1 / (_loss.Temperature * _loss.Temperature);
        for (int c = 0; c < classes; c++)
        {
            double one = double.CreateTruncating(p[c]);
            double own = double.CreateTruncating(weighed[c]);
            curves[c] = T.CreateTruncating(
                scale * ((own * (1 - (2 * one))) + (one * one * curveSum) - (one * (1 - one) * slopeSum)));
        }

        // The same for the likeliest class, from the sums over the others, so that 1 - p keeps its digits.
        int top = TopOf(p[..classes]);
        double most = double.CreateTruncating(p[top]);
        double miss = SumWithout(p[..classes], top);
        double ownCurve = double.CreateTruncating(weighed[top]) * miss * miss;
        double otherCurves = most * most * SumWithout(weighed[..classes], top);
        double otherSlopes = SumWithout(at.Slopes[..classes], top);
        curves[top] = T.CreateTruncating(scale * (ownCurve + otherCurves
            - (most * miss * (double.CreateTruncating(at.Slopes[top]) + otherSlopes))));
    }

    private static int TopOf(ReadOnlySpan<T> p)
    {
        int top = 0;
        for (int c = 1; c < p.Length; c++)
        {
            top = p[c] > p[top] ? c : top;
        }

        return top;
    }

    private static double SumWithout(Span<T> numbers, int place)
    {
        T kept = numbers[place];
        numbers[place] = T.Zero;
        double sum = Sums.OfBlock<T>(numbers);
        numbers[place] = kept;
        return sum;
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
