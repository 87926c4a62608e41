using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a mined loss anchor by anchor: turns each row of the table of distances into an item and into slopes,
/// in place; before that it may count what anchors form.</summary>
internal sealed class NeighbourDriver<TLoss, T> : Driver
    where TLoss : struct, IMinedLoss<TLoss>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly TLoss _loss;
    private readonly DistanceTable<T> _table;
    private readonly AnchorMiner<T> _miner;
    private readonly ItemPlan<T> _plan;
    private readonly ClassNumbers<T>? _ofClasses;
    private readonly Peers? _peers;
    private readonly FormedTuples? _told;
    private readonly int _rowsPerBlock;
    private Stage _stage = Stage.Looking;
    private Tensor? _items;
    private long _tuples;
    private long _nonzero;
    private long _ties;

    /// <summary>Until <see cref="Answer(Tensor, Workshop)"/> it counts and changes nothing.</summary>
    public NeighbourDriver(
        TLoss loss, DistanceTable<T> table, AnchorMiner<T> miner, ClassNumbers<T>? ofClasses, Peers? peers,
        ItemPlan<T> plan, FormedTuples? told)
    {
        _peers = peers;
        _ofClasses = ofClasses;
        _loss = loss;
        _table = table;
        _miner = miner;
        _plan = plan;
        _told = told;
        _rowsPerBlock = Math.Max(1, BlockItems / Math.Max(1, plan.Items));
    }

    public override int Blocks => (_plan.Items + _rowsPerBlock - 1) / _rowsPerBlock;

    /// <summary>How many pairs or triplets were formed.</summary>
    public long Tuples => _tuples;

    /// <summary>How many of them cost something.</summary>
    public long Nonzero => _nonzero;

    /// <summary>How many of them the answer found on a corner; as many as a note can count.</summary>
    public int Ties => (int)Math.Min(_ties, int.MaxValue);

    /// <summary>Finds out what surrounds each sample, where the loss asks; the first of all steps.</summary>
    public void LookAround(Workshop workshop)
    {
        if (_peers is not null)
        {
            _stage = Stage.LookingAround;
            RunAll(workshop);
            _stage = Stage.Looking;
        }
    }

    /// <summary>Fills the items, and puts slopes in the place of distances.</summary>
    public void Answer(Tensor items, Workshop workshop)
    {
        _items = items;
        _stage = Stage.Answering;
        RunAll(workshop);
        if (_peers is not null)
        {
            _stage = Stage.Spreading;
            RunAll(workshop);
        }
    }

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _rowsPerBlock;
        int rows = Math.Min(_rowsPerBlock, _plan.Items - start);
        Span<T> factors = scratch.Take<T>(0, 3 * rows);
        Span<T> coefficients = factors[..rows];
        _plan.Fill(start, factors.Slice(rows, rows), coefficients, factors.Slice(2 * rows, rows));
        long tuples = 0;
        long nonzero = 0;
        long ties = 0;
        for (int r = 0; r < rows; r++)
        {
            AnchorAnswer answer = Answer(start + r, double.CreateTruncating(coefficients[r]), scratch);
            tuples += answer.Tuples;
            nonzero += answer.Nonzero;
            if (_stage == Stage.Answering)
            {
                _items!.Float64[start + r] = answer.Loss;
                ties += answer.Ties;
            }
        }

        Interlocked.Add(ref _tuples, tuples);
        Interlocked.Add(ref _nonzero, nonzero);
        Interlocked.Add(ref _ties, ties);
    }

    private AnchorAnswer Answer(int anchor, double coefficient, Scratch scratch)
    {
        Span<double> row = _table.Row(anchor);
        if (_plan.IsLeftOut(anchor))
        {
            if (_stage is Stage.Answering or Stage.Spreading)
            {
                row.Clear();
            }

            return default;
        }

        MinedRow mined = _miner.Mine(anchor, scratch);
        int most = _miner.Most;
        Span<double> slopes = scratch.Take<double>(4, 2 * most)[..(2 * most)];
        slopes.Clear();
        var neighbours = new Neighbours
        {
            Anchor = anchor,
            OfClass = _ofClasses?.Of(anchor) ?? double.NaN,
            Positives = mined.Positives.Distances,
            Negatives = mined.Negatives.Distances,
            PositivePlaces = mined.Positives.Places,
            NegativePlaces = mined.Negatives.Places,
            PositiveTimes = mined.Positives.Times,
            NegativeTimes = mined.Negatives.Times,
            AreListed = _miner.AreListed,
            Triplets = mined.Triplets,
            Gaps = _miner.Gaps,
            OnPositives = slopes[..mined.Positives.Count],
            OnNegatives = slopes.Slice(most, mined.Negatives.Count),
            Room = mined.Room,
            Order = mined.Order,
            Tuples = _stage == Stage.Answering && _told is not null ? _told.TripletsOf(anchor) : default,
            Surroundings = _peers is null ? default : _peers.Surroundings,
        };
        switch (_stage)
        {
            case Stage.LookingAround:
                _peers!.Surroundings[anchor] = _loss.Surroundings(neighbours);
                return default;
            case Stage.Spreading:
                return Spread(row, neighbours);
            default:
                return Answer(row, neighbours, coefficient);
        }
    }

    private AnchorAnswer Answer(Span<double> row, in Neighbours neighbours, double coefficient)
    {
        AnchorAnswer answer = _loss.Anchor(neighbours);
        bool isWhole = _loss.CostsByAnchor;
        if (isWhole && !_loss.Reducer.Keeps(answer.Loss))
        {
            neighbours.OnPositives.Clear();
            neighbours.OnNegatives.Clear();
            answer = new(0, 0, 0, answer.Told);
        }
        else if (!isWhole && _loss.Reducer.Divisor == Divisor.PerAnchor && answer.Tuples > 0)
        {
            coefficient /= answer.Tuples;
            answer = answer with { Loss = answer.Loss / answer.Tuples };
        }

        if (_stage == Stage.Looking)
        {
            _told?.Count(neighbours, answer.Told);
            return answer;
        }

        _told?.Tell(neighbours);
        _ofClasses?.Slope(neighbours.Anchor, coefficient, answer.OnClass);
        if (_peers is not null)
        {
            // Distances stay: what surrounds a sample has its slopes only when all pairs have theirs.
            Scatter(
                _peers.Slopes(neighbours.Anchor), neighbours.PositivePlaces, neighbours.OnPositives, coefficient);
            return answer;
        }

        row.Clear();
        Scatter(row, neighbours.PositivePlaces, neighbours.OnPositives, coefficient * _table.Sign);
        Scatter(row, neighbours.NegativePlaces, neighbours.OnNegatives, coefficient * _table.Sign);
        return answer;
    }

    private AnchorAnswer Spread(Span<double> row, in Neighbours neighbours)
    {
        double slope = _peers!.SlopeOn(neighbours.Anchor, _loss);
        if (slope != 0)
        {
            _loss.Spread(neighbours, slope);
        }

        ReadOnlySpan<double> slopes = _peers.Slopes(neighbours.Anchor);
        for (int other = 0; other < row.Length; other++)
        {
            row[other] = _table.Sign * slopes[other];
        }

        Scatter(row, neighbours.PositivePlaces, neighbours.OnPositives, _table.Sign);
        Scatter(row, neighbours.NegativePlaces, neighbours.OnNegatives, _table.Sign);
        return default;
    }

    // A sample may be positive and negative at once, and stand in several triplets.
    private static void Scatter(Span<double> row, ReadOnlySpan<int> places, ReadOnlySpan<double> slopes, double factor)
    {
        for (int i = 0; i < places.Length; i++)
        {
            row[places[i]] += factor == 0 || slopes[i] == 0 ? 0 : factor * slopes[i];
        }
    }

    private enum Stage
    {
        LookingAround,
        Looking,
        Answering,
        Spreading,
    }
}
