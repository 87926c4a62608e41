using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a mined loss anchor by anchor: turns each row of the table of distances into an item and into slopes,
/// in place; or only counts what anchors form.</summary>
internal sealed class NeighbourDriver<TLoss, T> : Driver
    where TLoss : struct, IMinedLoss<TLoss>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly TLoss _loss;
    private readonly DistanceTable<T> _table;
    private readonly ItemPlan<T> _plan;
    private readonly Tensor _labels;
    private readonly Tensor? _items;
    private readonly TupleTable? _tuplesTold;
    private readonly int _rowsPerBlock;
    private long _tuples;
    private long _nonzero;

    /// <summary>Without <paramref name="items"/> it counts and changes nothing.</summary>
    public NeighbourDriver(
        TLoss loss, DistanceTable<T> table, LossRequest request, ItemPlan<T> plan, Tensor? items, TupleTable? tuples)
    {
        _tuplesTold = tuples;
        _loss = loss;
        _table = table;
        _plan = plan;
        _labels = request.LabelTensor(1)!;
        _items = items;
        _rowsPerBlock = Math.Max(1, BlockItems / Math.Max(1, plan.Items));
    }

    public override int Blocks => (_plan.Items + _rowsPerBlock - 1) / _rowsPerBlock;

    /// <summary>How many pairs or triplets were formed.</summary>
    public long Tuples => _tuples;

    /// <summary>How many of them cost something.</summary>
    public long Nonzero => _nonzero;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _rowsPerBlock;
        int rows = Math.Min(_rowsPerBlock, _plan.Items - start);
        Span<T> factors = scratch.Take<T>(0, 3 * rows);
        Span<T> coefficients = factors[..rows];
        _plan.Fill(start, factors.Slice(rows, rows), coefficients, factors.Slice(2 * rows, rows));
        long tuples = 0;
        long nonzero = 0;
        for (int r = 0; r < rows; r++)
        {
            AnchorAnswer answer = Answer(start + r, double.CreateTruncating(coefficients[r]), scratch);
            tuples += answer.Tuples;
            nonzero += answer.Nonzero;
            if (_items is not null)
            {
                _items.Float64[start + r] = answer.Loss;
            }
        }

        Interlocked.Add(ref _tuples, tuples);
        Interlocked.Add(ref _nonzero, nonzero);
    }

    private AnchorAnswer Answer(int anchor, double coefficient, Scratch scratch)
    {
        Span<double> row = _table.Row(anchor);
        if (_plan.IsLeftOut(anchor))
        {
            Clear(row);
            return default;
        }

        int count = row.Length;
        Span<double> numbers = scratch.Take<double>(1, (7 * count) + 8);
        Span<int> places = scratch.Take<int>(2, 2 * count);
        Span<double> distances = numbers[..count];
        Span<double> slopes = numbers.Slice(count, count);
        int positives = Gather(anchor, row, distances, places, out int negatives);
        slopes.Clear();
        var neighbours = new Neighbours
        {
            Anchor = anchor,
            Positives = distances[..positives],
            Negatives = distances.Slice(count - negatives, negatives),
            PositivePlaces = places[..positives],
            NegativePlaces = places.Slice(count - negatives, negatives),
            OnPositives = slopes[..positives],
            OnNegatives = slopes.Slice(count - negatives, negatives),
            Room = numbers[(2 * count)..],
            Order = places.Slice(count, count),
            Tuples = _items is null || _tuplesTold is null ? default : _tuplesTold.PlaceOf(anchor),
        };
        AnchorAnswer answer = _loss.Anchor(neighbours);
        if (_items is null)
        {
            _tuplesTold?.Count(anchor, answer.Told);
        }
        else
        {
            Clear(row);
            Scatter(row, neighbours.PositivePlaces, neighbours.OnPositives, coefficient * _table.Sign);
            Scatter(row, neighbours.NegativePlaces, neighbours.OnNegatives, coefficient * _table.Sign);
        }

        return answer;
    }

    private void Clear(Span<double> row)
    {
        if (_items is not null)
        {
            row.Clear();
        }
    }

    // Positives from the front, negatives from the middle on: both in the order of the batch.
    private int Gather(
        int anchor, ReadOnlySpan<double> row, Span<double> distances, Span<int> places, out int negatives)
    {
        ReadOnlySpan<int> labels = _labels.Label;
        int positives = 0;
        negatives = 0;
        for (int other = 0; other < row.Length; other++)
        {
            bool isOut = other == anchor || _plan.IsLeftOut(other);
            positives += !isOut && labels[other] == labels[anchor] ? 1 : 0;
            negatives += !isOut && labels[other] != labels[anchor] ? 1 : 0;
        }

        int nextPositive = 0;
        int nextNegative = row.Length - negatives;
        for (int other = 0; other < row.Length; other++)
        {
            if (other != anchor && !_plan.IsLeftOut(other))
            {
                int place = labels[other] == labels[anchor] ? nextPositive++ : nextNegative++;
                distances[place] = _table.Offset + (_table.Sign * row[other]);
                places[place] = other;
            }
        }

        return positives;
    }

    private static void Scatter(Span<double> row, ReadOnlySpan<int> places, ReadOnlySpan<double> slopes, double factor)
    {
        for (int i = 0; i < places.Length; i++)
        {
            row[places[i]] = factor == 0 || slopes[i] == 0 ? 0 : factor * slopes[i];
        }
    }
}
