using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The distances of all pairs of a kind in bins of one width, from each of which a few pairs are
/// drawn.</summary>
/// <remarks>Every pair has a number that its seed and its two samples make; a bin draws those with the smallest. So
/// nothing is drawn twice, and each set of that size is as likely as any other.</remarks>
internal sealed class DistanceBins<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly ulong _seed;
    private readonly int _bins;
    private readonly Ranks _ranks;
    private readonly Tensor _last; // the greatest number that each bin draws, NaN for one that draws all
    private double _low = double.PositiveInfinity;
    private double _high = double.NegativeInfinity;

    /// <param name="scan">Shows the pairs.</param>
    /// <param name="kind">Whose pairs.</param>
    /// <param name="mining">How many bins, how many pairs of each, and the seed.</param>
    /// <param name="plan">Says who is left out.</param>
    /// <param name="pool">Lends the room.</param>
    public DistanceBins(PairScan<T> scan, PairKind kind, in Mining mining, KeptItems plan, TensorPool pool)
    {
        int most = kind == PairKind.Positive ? mining.PositivesPerBin : mining.NegativesPerBin;
        _seed = mining.Seed;
        _bins = mining.Bins;
        _ranks = new(plan, pool);
        try
        {
            _last = Tensor.Rent(pool, new Shape(_bins), Element.Float64);
        }
        catch
        {
            _ranks.Dispose();
            throw;
        }

        try
        {
            scan.Run(kind, (int anchor, in AnchorSide side) => Widen(side.Distances));
            Draw(scan, kind, most, pool);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Leaves an anchor's pairs that their bins draw. A distance that is no number, or infinite, has no bin,
    /// and stays.</summary>
    public void Choose(int anchor, ref AnchorSide side)
    {
        for (int i = 0; i < side.Count; i++)
        {
            double distance = side.Distances[i];
            bool isDrawn = !double.IsFinite(distance)
                || !(NumberOf(anchor, side.Places[i]) > _last.Float64[BinOf(distance)]);
            side.Times[i] = isDrawn ? 1 : 0;
        }

        side.KeepCounted();
    }

    public void Dispose()
    {
        _ranks.Dispose();
        _last.Dispose();
    }

    // A heap a bin: the largest of the smallest numbers so far stands first.
    private void Draw(PairScan<T> scan, PairKind kind, int most, TensorPool pool)
    {
        using Tensor heaps = Tensor.Rent(pool, new Shape(_bins, most), Element.Float64);
        using Tensor counts = Tensor.Rent(pool, new Shape(_bins), Element.Label);
        counts.Label.Clear();
        scan.Run(kind, (int anchor, in AnchorSide side) =>
        {
            for (int i = 0; i < side.Count; i++)
            {
                if (double.IsFinite(side.Distances[i]))
                {
                    int bin = BinOf(side.Distances[i]);
                    Push(
                        heaps.Float64.Slice(bin * most, most), ref counts.Label[bin],
                        NumberOf(anchor, side.Places[i]));
                }
            }
        });
        for (int bin = 0; bin < _bins; bin++)
        {
            _last.Float64[bin] = counts.Label[bin] < most ? double.NaN : heaps.Float64[bin * most];
        }
    }

    private static void Push(Span<double> heap, ref int count, double number)
    {
        int at = 0;
        if (count < heap.Length)
        {
            at = count++;
            for (int above = (at - 1) / 2; at > 0 && heap[above] < number; above = (at - 1) / 2)
            {
                heap[at] = heap[above];
                at = above;
            }
        }
        else if (number >= heap[0])
        {
            return;
        }
        else
        {
            for (int below = 1; below < heap.Length; below = (2 * at) + 1)
            {
                below += below + 1 < heap.Length && heap[below + 1] > heap[below] ? 1 : 0;
                if (heap[below] <= number)
                {
                    break;
                }

                heap[at] = heap[below];
                at = below;
            }
        }

        heap[at] = number;
    }

    private void Widen(ReadOnlySpan<double> distances)
    {
        foreach (double distance in distances)
        {
            _low = double.IsFinite(distance) && distance < _low ? distance : _low;
            _high = double.IsFinite(distance) && distance > _high ? distance : _high;
        }
    }

    private double NumberOf(int anchor, int other) => Families.Draw.Uniform(_seed, _ranks[anchor], _ranks[other]);

    // A bin holds its lower edge, the last one its upper edge too. The quotient may miss its bin by rounding.
    private int BinOf(double distance)
    {
        int bin = Math.Clamp((int)((distance - _low) / (_high - _low) * _bins), 0, _bins - 1);
        while (bin > 0 && distance < EdgeOf(bin))
        {
            bin--;
        }

        while (bin < _bins - 1 && distance >= EdgeOf(bin + 1))
        {
            bin++;
        }

        return bin;
    }

    private double EdgeOf(int bin) => _low + (bin * ((_high - _low) / _bins));
}
