using System.Runtime.InteropServices;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The way of most requests: labels without smoothing. Nothing of a row but its exponentials is kept,
/// and gradients are these times a factor, but for the label's own.</summary>
/// <remarks>Which way a row takes hangs on the shape and the options alone; only a row without a finite softmax leaves
/// it, for the way of all others, by itself.</remarks>
internal sealed partial class SoftmaxRowDriver<TLoss, T, V>
{
    private bool IsByLabel => _target.Labels is not null && _target.Smoothing == 0 && !TLoss.TakesLogProbabilities;

    private void RunByLabel(int block, int start, int rows, Scratch scratch)
    {
        bool byColumn = IsByColumn;
        var group = new LabelGroup<T>(scratch, rows, _layout.Classes, byColumn);
        _plan.Fill(start, group.Weights, group.Coefficients, group.Curvatures);
        FillMasses(start, group);
        if (byColumn)
        {
            MeasureColumns(start, group);
        }
        else
        {
            MeasureRows(start, group);
        }

        bool isFinite = Wide.IsFast ? AnswerByLabel<WideDoubleLane>(group) : AnswerByLabel<DoubleLane>(group);
        LeaveOut(start, group);
        if (_result.Gradients[0] is { } gradient)
        {
            Rows.Narrow<T>(group.Factor, group.Factors);
            Rows.Narrow<T>(group.OwnSlope, group.OwnSlopes);
            if (byColumn)
            {
                DifferentiateColumns(start, group, gradient);
            }
            else
            {
                DifferentiateRows(start, group, gradient);
            }
        }

        if (!isFinite || _result.Hessians[0] is not null)
        {
            CompleteRows(start, group, scratch);
        }

        FinishItems(block, start, group.Losses[..rows]);
    }

    private void FillMasses(int start, in LabelGroup<T> group)
    {
        if (_target.Weights.IsEmpty)
        {
            group.Mass.Fill(1);
            return;
        }

        ReadOnlySpan<int> labels = _target.Labels!.Label.Slice(start, group.Rows);
        for (int r = 0; r < labels.Length; r++)
        {
            group.Mass[r] = IsOut(start + r) ? 0 : _target.WeightOf(labels[r]);
        }
    }

    // Losses, factors and slopes of a vector of rows; false when some row has no finite softmax.
    private bool AnswerByLabel<D>(in LabelGroup<T> group) where D : struct, IVectorLane<D, double>
    {
        TLoss loss = _loss;
        D zero = D.Of(0);
        D one = D.Of(1);
        D finite = D.Same(zero, zero);
        ref T coefficients = ref MemoryMarshal.GetReference(group.Coefficients);
        ref T weights = ref MemoryMarshal.GetReference(group.Weights);
        for (int r = 0; r < group.Rows; r += D.Count)
        {
            D rest = Load<D>(group.Rest, r);
            D own = Load<D>(group.Own, r);
            D gap = Load<D>(group.Gap, r);
            D mass = Load<D>(group.Mass, r);
            finite = D.Select(D.Same((gap - gap) + (rest - rest), zero), finite, zero);

            // Where the label is not on top, the 1 of the top is among the rest.
            D others = D.Select(D.Same(own, one), rest, (rest - one) + own);
            D cross = D.ZeroTimes(mass, gap + D.Log1p(others));
            RowAnswer<D> answer = loss.Row<D>(new(cross, mass));
            Store(answer.Loss * Rows.Widened<T, D>(ref weights, r), group.Losses, r);

            D coefficient = Rows.Widened<T, D>(ref coefficients, r);
            // A row's slopes sum to 0, so that the label's own is what all others have together.
            D factor = answer.OnProbability * coefficient / (rest + own);
            Store(factor, group.Factor, r);
            Store(-(factor * rest), group.OwnSlope, r);
        }

        return D.Set(finite) == D.Count;
    }

    private void LeaveOut(int start, in LabelGroup<T> group)
    {
        for (int r = 0; r < group.Rows && _plan.LeftOut > 0; r++)
        {
            if (_plan.IsLeftOut(start + r))
            {
                group.Losses[r] = 0;
                group.Factor[r] = 0;
                group.OwnSlope[r] = 0;
            }
        }
    }

    // Rows with a NaN or a deciding infinity take the way of all other targets, each as a group of its own; for a
    // Hessian every row takes it too, and keeps its loss and gradient.
    private void CompleteRows(int start, in LabelGroup<T> group, Scratch scratch)
    {
        for (int r = 0; r < group.Rows; r++)
        {
            bool isDone = IsOut(start + r) || (double.IsFinite(group.Gap[r]) && double.IsFinite(group.Rest[r]));
            if (!isDone)
            {
                group.Losses[r] = RunGroup(start + r, 1, scratch, onlyCurves: false)[0];
            }
            else if (_result.Hessians[0] is not null)
            {
                RunGroup(start + r, 1, scratch, onlyCurves: true);
            }
        }
    }

    private bool IsOut(int row) => _plan.LeftOut > 0 && _plan.IsLeftOut(row);

    private void MeasureRows(int start, in LabelGroup<T> group)
    {
        int classes = _layout.Classes;
        ReadOnlySpan<T> all = _scores.Values<T>();
        ReadOnlySpan<int> labels = _target.Labels!.Label.Slice(start, group.Rows);
        Span<T> exps = RoomForRows(start, group);
        for (int r = 0; r < labels.Length; r++)
        {
            if (IsOut(start + r))
            {
                (group.Rest[r], group.Own[r], group.Gap[r]) = (0, 1, 0);
                continue;
            }

            ReadOnlySpan<T> scores = all.Slice((start + r) * classes, classes);
            T top = ExpRow(
                scores, labels[r], exps.Slice(r * classes, classes), group.TopsOf(r, classes), out group.Rest[r]);
            T own = scores[labels[r]];
            group.Gap[r] = double.CreateTruncating(top) - double.CreateTruncating(own);
            group.Own[r] = double.CreateTruncating(Exp(own - top));
        }
    }

    // Where the rows' exponentials are kept and scaled: in the gradient itself, unless that goes past the caches.
    private Span<T> RoomForRows(int start, in LabelGroup<T> group) =>
        _result.Gradients[0] is { } gradient && !Streams.Suit(gradient.Bytes.Length)
            ? gradient.Values<T>().Slice(start * _layout.Classes, group.Rows * _layout.Classes)
            : group.Exps;

    // A row is read once: each part is shifted by the largest score so far, and what came before a larger one shrinks
    // in the sum at once, in its exponentials when they are scaled.
    private static T ExpRow(ReadOnlySpan<T> scores, int label, Span<T> exps, Span<T> tops, out double rest)
    {
        T top = T.NegativeInfinity;
        rest = 0;
        for (int from = 0; from < scores.Length; from += Rows.PartMax)
        {
            ReadOnlySpan<T> part = scores.Slice(from, Math.Min(Rows.PartMax, scores.Length - from));
            T most = Rows.Max<T, V>(part);
            if (!(most <= top))
            {
                rest = from == 0 ? 0 : rest * Shrinkage(top, most);
                top = most;
            }

            int own = (uint)(label - from) < (uint)part.Length ? label - from : -1;
            rest += Rows.ExpSum<T, V>(part, top, own, exps.Slice(from, part.Length));
            tops[from / Rows.PartMax] = top;
        }

        return top;
    }

    private void DifferentiateRows(int start, in LabelGroup<T> group, Tensor gradient)
    {
        int classes = _layout.Classes;
        bool streams = Streams.Suit(gradient.Bytes.Length);
        Span<T> all = gradient.Values<T>();
        Span<T> room = RoomForRows(start, group);
        ReadOnlySpan<int> labels = _target.Labels!.Label.Slice(start, group.Rows);
        for (int r = 0; r < labels.Length; r++)
        {
            Span<T> slopes = all.Slice((start + r) * classes, classes);
            if (IsOut(start + r))
            {
                slopes.Clear();
                continue;
            }

            Span<T> scaled = room.Slice(r * classes, classes);
            ReadOnlySpan<T> tops = group.TopsOf(r, classes);
            for (int from = 0; from < classes; from += Rows.PartMax)
            {
                Span<T> part = scaled.Slice(from, Math.Min(Rows.PartMax, classes - from));
                T factor = tops[from / Rows.PartMax] == tops[^1]
                    ? group.Factors[r]
                    : T.CreateTruncating(group.Factor[r] * Shrinkage(tops[from / Rows.PartMax], tops[^1]));
                Rows.Scale<T, V>(part, factor, part);
            }

            scaled[labels[r]] = group.OwnSlopes[r];
            if (streams)
            {
                Streams.Write<T>(scaled, slopes);
            }
        }
    }

    private static double Shrinkage(T from, T to) =>
        ScalarLane.Exp(double.CreateTruncating(from) - double.CreateTruncating(to)).Value;

    private static T Exp(T x)
    {
        Span<T> room = stackalloc T[V.Count];
        V.Store(V.ExpNonPositive(V.All(x)), ref MemoryMarshal.GetReference(room), 0);
        return room[0];
    }
}
