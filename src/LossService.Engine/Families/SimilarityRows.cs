using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Turns every anchor's row of similarities into its loss and its slopes, in place.</summary>
internal sealed class SimilarityRows<TLoss, T, V>(
    TLoss loss, Tensor scores, Relation? relation, ItemPlan<T> plan, Tensor losses, double share) : Driver
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

    // Without a relation the positive stands at the anchor's own place, and all others are negatives.
    private int Positives(int anchor, Span<int> places)
    {
        if (relation is not null)
        {
            return relation.GatherPositives(anchor, places);
        }

        places[0] = anchor;
        return 1;
    }

    private void LeaveOut(int anchor, Span<T> row)
    {
        if (relation is not null)
        {
            relation.Silence(anchor, row, T.NegativeInfinity);
            return;
        }

        for (int other = 0; plan.LeftOut > 0 && other < row.Length; other++)
        {
            row[other] = plan.IsLeftOut(other) ? T.NegativeInfinity : row[other];
        }
    }
}
