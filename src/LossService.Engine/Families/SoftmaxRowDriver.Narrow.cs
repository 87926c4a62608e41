using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>Rows of few classes, a vector of rows at a time: each class is a column, and a row is one lane.</summary>
/// <remarks>Row by row the overhead of a short row is several times its arithmetic (results in the benchmarks,
/// cross_entropy with 10 classes). Whether rows are narrow depends on their length and the request's options alone, and
/// each lane does what it would do by itself, so a row has the same bits whatever its neighbours.</remarks>
internal sealed partial class SoftmaxRowDriver<TLoss, T, V>
{
    private const int NarrowClassesMax = 16;

    private bool IsNarrow => _layout.Classes <= NarrowClassesMax && _layout.Inner == 1 && _target.Labels is not null
        && _target.Smoothing == 0 && !TLoss.TakesLogProbabilities;

    // Measures all rows of the group, the last few through a padded copy; rows without a finite maximum once more,
    // slowly.
    private int MeasureNarrow(int start, in RowGroup<T> group)
    {
        int classes = _layout.Classes;
        ReadOnlySpan<T> scores = _scores.Values<T>().Slice(start * classes, group.Rows * classes);
        ReadOnlySpan<int> labels = _target.Labels!.Label.Slice(start, group.Rows);
        Span<T> padded = stackalloc T[8 * NarrowClassesMax];
        Span<T> lanes = stackalloc T[8];
        for (int r = 0; r < group.Rows; r += V.Count)
        {
            int rows = Math.Min(V.Count, group.Rows - r);
            scoped ReadOnlySpan<T> from = scores[(r * classes)..];
            if (rows < V.Count)
            {
                padded.Clear();
                from.CopyTo(padded);
                from = padded;
            }

            for (int k = 0; k < V.Count; k++)
            {
                lanes[k] = k < rows ? T.CreateTruncating(labels[r + k]) : T.Zero;
            }

            MeasureColumns(from, r, lanes, group);
            for (int k = 0; k < rows; k++)
            {
                Settle(start + r + k, r + k, labels[r + k], group);
            }
        }

        return group.Rows;
    }

    private void MeasureColumns(ReadOnlySpan<T> from, int r, ReadOnlySpan<T> lanes, in RowGroup<T> group)
    {
        int classes = _layout.Classes;
        ref T score = ref MemoryMarshal.GetReference(from);
        ref T column = ref MemoryMarshal.GetReference(group.Columns(r));
        V label = V.Load(in MemoryMarshal.GetReference(lanes), 0);
        V top = V.LoadColumn(ref score, 0, classes);
        V.Store(top, ref column, 0);
        for (int c = 1; c < classes; c++)
        {
            V one = V.LoadColumn(ref score, c, classes);
            V.Store(one, ref column, c * V.Count);
            top = V.Max(top, one);
        }

        V rest = V.Of(0);
        V own = V.Of(0);
        V ownScore = V.Of(0);
        for (int c = 0; c < classes; c++)
        {
            V isOwn = V.Same(label, V.Of(c));
            V one = V.Load(ref column, c * V.Count);
            V power = V.ExpNonPositive(one - top);
            V.Store(power, ref column, c * V.Count);
            rest += V.Select(isOwn, V.Of(0), power);
            own = V.Select(isOwn, power, own);
            ownScore = V.Select(isOwn, one, ownScore);
        }

        Span<T> room = stackalloc T[3 * 8];
        ref T four = ref MemoryMarshal.GetReference(room);
        V.Store(rest, ref four, 0);
        V.Store(own, ref four, 8);
        V.Store(top - ownScore, ref four, 16);
        for (int k = 0; k < V.Count && r + k < group.Rows; k++)
        {
            group.Rest[r + k] = double.CreateTruncating(room[k]);
            group.Own[r + k] = double.CreateTruncating(room[8 + k]);
            group.Cross[r + k] = double.CreateTruncating(room[16 + k]);
        }
    }

    // A row with an infinite score, or a NaN, takes the way of all rows; its column is then the row's own.
    private void Settle(int row, int r, int label, in RowGroup<T> group)
    {
        group.Mass[r] = 0;
        if (_plan.IsLeftOut(row))
        {
            return;
        }

        group.Mass[r] = _target.WeightOf(label);
        if (double.IsFinite(group.Cross[r]) && double.IsFinite(group.Rest[r]))
        {
            return;
        }

        // Both ways keep their exponentials in the same place: the columns step aside meanwhile.
        Span<T> columns = group.Columns(r - (r % V.Count))[..(V.Count * _layout.Classes)];
        Span<T> aside = stackalloc T[8 * NarrowClassesMax];
        columns.CopyTo(aside);
        Measure(row, r, group);
        Span<T> exps = group.Exps(r);
        for (int c = 0; c < exps.Length; c++)
        {
            aside[(c * V.Count) + (r % V.Count)] = exps[c];
        }

        aside[..columns.Length].CopyTo(columns);
    }

    private int DifferentiateNarrow(int start, in RowGroup<T> group)
    {
        if (_result.Gradients[0] is not { } gradient || _result.Hessians[0] is not null)
        {
            return _result.Gradients[0] is null ? group.Rows : Untranspose(group);
        }

        int classes = _layout.Classes;
        AnswerSlopes(group);
        Span<T> slopes = gradient.Values<T>().Slice(start * classes, group.Rows * classes);
        Span<T> padded = stackalloc T[8 * NarrowClassesMax];
        Span<T> lanes = stackalloc T[3 * 8];
        for (int r = 0; r < group.Rows; r += V.Count)
        {
            int rows = Math.Min(V.Count, group.Rows - r);
            lanes.Clear();
            for (int k = 0; k < rows; k++)
            {
                FillLane(start + r + k, r + k, k, lanes, group);
            }

            Span<T> to = slopes[(r * classes)..];
            DifferentiateColumns(r, lanes, rows < V.Count ? padded : to, group);
            if (rows < V.Count)
            {
                padded[..(rows * classes)].CopyTo(to);
            }
        }

        return group.Rows;
    }

    // For every row the factor of its exponentials, and the slope of its label's own class, four rows to a vector.
    private static void AnswerSlopes(in RowGroup<T> group)
    {
        Span<double> coefficients = group.Spread;
        for (int r = 0; r < group.Rows; r++)
        {
            coefficients[r] = double.CreateTruncating(group.Coefficients[r]);
        }

        for (int r = 0; r < group.Rows; r += DoubleLane.Count)
        {
            DoubleLane coefficient = Load(coefficients, r);
            DoubleLane total = Load(group.Total, r);
            DoubleLane onProbability = Load(group.OnProbability, r) * coefficient;
            DoubleLane weighed = Load(group.OnCross, r) * coefficient * Load(group.Mass, r);
            DoubleLane own = ((onProbability - weighed) * Load(group.Own, r)) - (weighed * Load(group.Rest, r));
            Store(onProbability / total, group.Factor, r);
            Store(own / total, group.Spread, r);
        }
    }

    // For lane k: the label, the factor of every exponential, and the slope of the label's own class.
    private void FillLane(int row, int r, int k, Span<T> lanes, in RowGroup<T> group)
    {
        if (_plan.IsLeftOut(row))
        {
            lanes[k] = -T.One; // no class is its own, and the factor 0 blanks the row
            return;
        }

        lanes[k] = T.CreateTruncating(_target.Labels!.Label[row]);
        lanes[8 + k] = T.CreateTruncating(group.Factor[r]);
        lanes[16 + k] = T.CreateTruncating(group.Spread[r]);
    }

    private void DifferentiateColumns(int r, Span<T> lanes, Span<T> to, in RowGroup<T> group)
    {
        int classes = _layout.Classes;
        ref T lane = ref MemoryMarshal.GetReference(lanes);
        ref T column = ref MemoryMarshal.GetReference(group.Columns(r));
        ref T slope = ref MemoryMarshal.GetReference(to);
        V label = V.Load(ref lane, 0);
        V factor = V.Load(ref lane, 8);
        V ownSlope = V.Load(ref lane, 16);
        for (int c = 0; c < classes; c++)
        {
            // ZeroTimes: a row that is left out may hold NaNs.
            V one = V.ZeroTimes(factor, V.Load(ref column, c * V.Count));
            V.StoreColumn(V.Select(V.Same(label, V.Of(c)), ownSlope, one), ref slope, c, classes);
        }
    }

    // For the row-by-row way of Hessians: columns back to rows.
    private int Untranspose(in RowGroup<T> group)
    {
        Span<T> rows = stackalloc T[8 * NarrowClassesMax];
        int classes = _layout.Classes;
        for (int r = 0; r < group.Rows; r += V.Count)
        {
            Span<T> columns = group.Columns(r);
            for (int k = 0; k < V.Count; k++)
            {
                for (int c = 0; c < classes; c++)
                {
                    rows[(k * classes) + c] = columns[(c * V.Count) + k];
                }
            }

            rows[..(V.Count * classes)].CopyTo(columns);
        }

        return 0;
    }
}
