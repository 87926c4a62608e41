using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Turns every anchor's row of similarities into its loss and its slopes, in place; or, without room for
/// losses, changes nothing and counts.</summary>
internal sealed class SimilarityRows<TLoss, T, V>(
    TLoss loss, Tensor scores, Relation? relation, ItemPlan<T> plan, Tensor? losses, double share) : Driver
    where TLoss : struct, ISimilarityLoss<TLoss>
    where T : unmanaged, IFloatingPointIeee754<T>
    where V : struct, IVectorLane<V, T>
{
    private readonly int _rowsPerBlock = Math.Max(1, BlockItems / Math.Max(1, plan.Items));
    private long _tuples;
    private long _nonzero;

    /// <summary>How many of what the reducer counts there are.</summary>
    public long Tuples => _tuples;

    /// <summary>How many of them cost something.</summary>
    public long Nonzero => _nonzero;

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
        Span<double> room = scratch.Take<double>(4, 2 * count)[..(2 * count)];
        Span<int> positives = scratch.Take<int>(5, count)[..count];
        Span<T> aside = losses is null ? scratch.Take<T>(6, count)[..count] : default;
        long tuples = 0;
        long nonzero = 0;
        for (int r = 0; r < rows; r++)
        {
            int anchor = start + r;
            Span<T> row = scores.Values<T>().Slice(anchor * count, count);
            if (losses is null)
            {
                row.CopyTo(aside);
                row = aside;
            }

            int found = plan.IsLeftOut(anchor) ? 0 : Positives(anchor, positives);
            if (found == 0)
            {
                row.Clear();
                continue;
            }

            LeaveOut(anchor, row);
            AnchorAnswer answer = loss.Row<T, V>(new()
            {
                Scores = row,
                Positives = positives[..found],
                Coefficient = share * double.CreateTruncating(coefficients[r]),
                Exponentials = exponentials,
                Room = room,
            });
            tuples += answer.Tuples;
            nonzero += answer.Nonzero;
            if (losses is not null)
            {
                losses.Float64[anchor] += share * answer.Loss;
            }
        }

        Interlocked.Add(ref _tuples, tuples);
        Interlocked.Add(ref _nonzero, nonzero);
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
