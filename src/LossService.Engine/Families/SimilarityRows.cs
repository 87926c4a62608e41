using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Turns every anchor's row of similarities into its loss and its slopes, in place.</summary>
internal sealed class SimilarityRows<TLoss, T, V>(
    TLoss loss, Tensor scores, Tensor? labels, ItemPlan<T> plan, Tensor losses, double share) : Driver
    where TLoss : struct, ISimilarityLoss<TLoss>
    where T : unmanaged, IFloatingPointIeee754<T>
    where V : struct, IVectorLane<V, T>
{
    private readonly int _rowsPerBlock = Math.Max(1, BlockItems / Math.Max(1, plan.Items));

    public override int Blocks => (plan.Items + _rowsPerBlock - 1) / _rowsPerBlock;

    public override void Run(int block, Scratch scratch)
    {
        int count = plan.Items;
        int start = block * _rowsPerBlock;
        int rows = Math.Min(_rowsPerBlock, count - start);
        Span<T> weights = scratch.Take<T>(0, rows)[..rows];
        Span<T> coefficients = scratch.Take<T>(1, rows)[..rows];
        plan.Fill(start, weights, coefficients, scratch.Take<T>(2, rows)[..rows]);
        Span<T> exponentials = scratch.Take<T>(3, count)[..count];
        Span<double> shares = scratch.Take<double>(4, count)[..count];
        Span<int> positives = scratch.Take<int>(5, count)[..count];
        for (int r = 0; r < rows; r++)
        {
            int anchor = start + r;
            Span<T> row = scores.Values<T>().Slice(anchor * count, count);
            int found = plan.IsLeftOut(anchor) ? 0 : Positives(anchor, positives);
            if (found == 0)
            {
                row.Clear();
                continue;
            }

            LeaveOut(anchor, row);
            losses.Float64[anchor] += share * loss.Row<T, V>(new()
            {
                Scores = row,
                Positives = positives[..found],
                Coefficient = share * double.CreateTruncating(coefficients[r]),
                Exponentials = exponentials,
                Shares = shares,
            });
        }
    }

    private int Positives(int anchor, Span<int> places)
    {
        if (labels is null)
        {
            places[0] = anchor;
            return 1;
        }

        ReadOnlySpan<int> all = labels.Label;
        int found = 0;
        int at = 0;
        for (int next = all.IndexOf(all[anchor]); next >= 0; next = all[at..].IndexOf(all[anchor]))
        {
            at += next;
            if (at != anchor && !plan.IsLeftOut(at))
            {
                places[found++] = at;
            }

            at++;
        }

        return found;
    }

    private void LeaveOut(int anchor, Span<T> row)
    {
        if (labels is not null)
        {
            row[anchor] = T.NegativeInfinity;
        }

        for (int other = 0; plan.LeftOut > 0 && other < row.Length; other++)
        {
            row[other] = plan.IsLeftOut(other) ? T.NegativeInfinity : row[other];
        }
    }
}
