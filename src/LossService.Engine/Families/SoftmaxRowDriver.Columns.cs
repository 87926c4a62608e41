using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Rows of few classes, or with classes on an inner axis, a vector of rows at a time: a class is a column, and
/// a row is one lane.</summary>
/// <remarks>Row by row the overhead of a short row is several times its arithmetic (results in the benchmarks, a
/// softmax over 10 classes), and a row on an inner axis touches a cache line for every class.</remarks>
internal sealed partial class SoftmaxRowDriver<TLoss, T, V>
{
    private const int ColumnClassesMax = 128;

    private bool IsByColumn => _layout.Inner > 1 || _layout.Classes <= ColumnClassesMax;

    private void MeasureColumns(int start, in LabelGroup<T> group)
    {
        int classes = _layout.Classes;
        int inner = _layout.Inner;
        ReadOnlySpan<T> all = _scores.Values<T>();
        if (inner == 1)
        {
            Columns.FromRows<T>(all[(start * classes)..], classes, group.Rows, group.Exps, group.Stride);
        }
        else
        {
            for (int r = 0, count; r < group.Rows; r += count)
            {
                count = Math.Min(group.Rows - r, inner - ((start + r) % inner));
                int at = _layout.Start(start + r);
                for (int c = 0; c < classes; c++)
                {
                    all.Slice(at + (c * inner), count).CopyTo(group.Exps[((c * group.Stride) + r)..]);
                }
            }
        }

        SetOwnApart(start, group);
        Columns.Softmax<T, V>(
            group.Exps, group.Stride, classes, group.Rows, group.OwnScores, group.Gaps, group.Rests);
        Rows.Widen<T>(group.OwnScores, group.Own);
        Rows.Widen<T>(group.Gaps, group.Gap);
        Rows.Widen<T>(group.Rests, group.Rest);
    }

    // Each label's score leaves its column, so that no lane has to be told from the others later. A row that is left
    // out is cleaned: it may hold NaNs.
    private void SetOwnApart(int start, in LabelGroup<T> group)
    {
        int stride = group.Stride;
        Span<T> matrix = group.Exps;
        Span<T> own = group.OwnScores;
        ReadOnlySpan<int> labels = _target.Labels!.Label.Slice(start, group.Rows);
        if (_plan.LeftOut == 0)
        {
            // Without a call in it the loop stays in registers: twice as fast.
            for (int r = 0; r < labels.Length; r++)
            {
                Part(ref matrix[(labels[r] * stride) + r], ref own[r]);
            }

            return;
        }

        for (int r = 0; r < labels.Length; r++)
        {
            if (!_plan.IsLeftOut(start + r))
            {
                Part(ref matrix[(labels[r] * stride) + r], ref own[r]);
                continue;
            }

            own[r] = T.Zero;
            for (int c = 0; c < _layout.Classes; c++)
            {
                matrix[(c * stride) + r] = T.Zero;
            }
        }

        static void Part(ref T cell, ref T own)
        {
            own = cell;
            cell = T.NegativeInfinity;
        }
    }

    private void DifferentiateColumns(int start, in LabelGroup<T> group, Tensor gradient)
    {
        int classes = _layout.Classes;
        int stride = group.Stride;
        Columns.Scale<T, V>(group.Exps, stride, classes, group.Rows, group.Factors);
        Span<T> all = gradient.Values<T>();
        if (_layout.Inner == 1)
        {
            Span<T> slopes = all.Slice(start * classes, group.Rows * classes);
            Columns.ToRows<T>(group.Exps, stride, classes, group.Rows, slopes);
            PutOwnSlopes(start, group, slopes, classes, 1);
            return;
        }

        PutOwnSlopes(start, group, group.Exps, 1, stride);
        int inner = _layout.Inner;
        bool streams = Streams.Suit(gradient.Bytes.Length);
        for (int r = 0, count; r < group.Rows; r += count)
        {
            count = Math.Min(group.Rows - r, inner - ((start + r) % inner));
            int at = _layout.Start(start + r);
            for (int c = 0; c < classes; c++)
            {
                ReadOnlySpan<T> slopes = group.Exps.Slice((c * stride) + r, count);
                Span<T> to = all.Slice(at + (c * inner), count);
                if (streams)
                {
                    Streams.Write(slopes, to);
                }
                else
                {
                    slopes.CopyTo(to);
                }
            }
        }
    }

    private void PutOwnSlopes(int start, in LabelGroup<T> group, Span<T> slopes, int rowStep, int classStep)
    {
        ReadOnlySpan<int> labels = _target.Labels!.Label.Slice(start, group.Rows);
        ReadOnlySpan<T> own = group.OwnSlopes[..labels.Length];
        if (_plan.LeftOut == 0)
        {
            for (int r = 0; r < labels.Length; r++)
            {
                slopes[(r * rowStep) + (labels[r] * classStep)] = own[r];
            }

            return;
        }

        for (int r = 0; r < labels.Length; r++)
        {
            if (!_plan.IsLeftOut(start + r))
            {
                slopes[(r * rowStep) + (labels[r] * classStep)] = own[r];
            }
        }
    }
}
