using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What a miner leaves of an anchor's positives and negatives, and working memory that belongs to
/// it.</summary>
internal readonly ref struct MinedRow
{
    /// <summary>The positives that count.</summary>
    public required AnchorSide Positives { get; init; }

    /// <summary>The negatives that count.</summary>
    public required AnchorSide Negatives { get; init; }

    /// <summary>Triplets by the indices of their positives and negatives, two by two, where they are listed.</summary>
    public required ReadOnlySpan<int> Triplets { get; init; }

    /// <summary>Room for five numbers a neighbour.</summary>
    public required Span<double> Room { get; init; }

    /// <summary>Room for a place a neighbour.</summary>
    public required Span<int> Order { get; init; }
}

/// <summary>Lets the miner of a request choose among the neighbours of one anchor after another, on any
/// thread.</summary>
internal sealed class AnchorMiner<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Mining _mining;
    private readonly Relation _relation;
    private readonly Workshop _workshop;
    private readonly DistanceTable<T> _table;
    private readonly Directions<T>? _directions;
    private readonly bool _formsTriplets;
    private readonly bool _counts; // the triplets that a pair stands in
    private DistanceBins<T>? _positiveBins;
    private DistanceBins<T>? _negativeBins;

    /// <param name="mining">Which miner, with its settings.</param>
    /// <param name="relation">Among whom it chooses.</param>
    /// <param name="table">How far all are apart, until the miner is no longer asked.</param>
    /// <param name="request">Holds the vectors, for a miner that looks at directions.</param>
    /// <param name="plan">Says who is left out.</param>
    /// <param name="workshop">Lends the room.</param>
    /// <param name="formsTriplets">True for a loss that is a sum over triplets.</param>
    /// <param name="countsTriplets">True for a loss of pairs that counts in how many triplets each stands.</param>
    public AnchorMiner(
        Mining mining, Relation relation, DistanceTable<T> table, LossRequest request, KeptItems plan,
        Workshop workshop, bool formsTriplets = false, bool countsTriplets = false)
    {
        _workshop = workshop;
        _relation = relation;
        _table = table;
        _formsTriplets = formsTriplets;
        try
        {
            _directions = mining.NeedsDirections ? new(request, plan, workshop) : null;
            _mining = LookAtBatch(mining, plan, workshop);
        }
        catch
        {
            Dispose();
            throw;
        }

        _counts = !formsTriplets
            && (countsTriplets || mining.Gaps != Gaps.Any || _directions is not null || relation.AreTriplets);
    }

    /// <summary>The gaps of the triplets that count, where they are not listed.</summary>
    public Gaps Gaps => _mining.Gaps;

    /// <summary>True when only listed triplets count, not every positive with every negative.</summary>
    public bool AreListed => _relation.AreTriplets || _directions is not null;

    /// <summary>The most positives, or negatives, that an anchor can have.</summary>
    public int Most => _relation.Most;

    /// <summary>What is left of an anchor's neighbours; takes the scratch's slots from 1 to 3.</summary>
    public MinedRow Mine(int anchor, Scratch scratch)
    {
        int most = _relation.Most;
        Span<double> numbers = scratch.Take<double>(1, (9 * most) + 8);
        Span<int> places = scratch.Take<int>(2, 3 * most);
        (int found, int others) = _relation.Gather(anchor, places[..most], places.Slice(most, most));
        AnchorSide positives = _table.Side(anchor, places[..found], numbers[..(2 * most)]);
        AnchorSide negatives = _table.Side(anchor, places.Slice(most, others), numbers.Slice(2 * most, 2 * most));
        Span<double> room = numbers[(4 * most)..];
        ReadOnlySpan<int> triplets = Mine(anchor, ref positives, ref negatives, room, scratch);
        return new()
        {
            Positives = positives,
            Negatives = negatives,
            Triplets = triplets,
            Room = room,
            Order = places.Slice(2 * most, most),
        };
    }

    public void Dispose()
    {
        _directions?.Dispose();
        _positiveBins?.Dispose();
        _negativeBins?.Dispose();
    }

    // What a miner has to know of all pairs before it judges one.
    private Mining LookAtBatch(in Mining mining, KeptItems plan, Workshop workshop)
    {
        var scan = new PairScan<T>(_relation, _table, plan, workshop);
        switch (mining.Miner)
        {
            case Miner.Hdc:
                double near = HardestPairs.Last(scan, PairKind.Positive, mining.Fraction, workshop.Pool);
                double far = HardestPairs.Last(scan, PairKind.Negative, mining.Fraction, workshop.Pool);
                return mining.Within(near, -far);
            case Miner.UniformHistogram:
                _positiveBins = new(scan, PairKind.Positive, mining, plan, workshop.Pool);
                _negativeBins = new(scan, PairKind.Negative, mining, plan, workshop.Pool);
                return mining;
            default:
                return mining;
        }
    }

    // Leaves the pairs that count, and lists triplets where they count one by one.
    private ReadOnlySpan<int> Mine(
        int anchor, scoped ref AnchorSide positives, scoped ref AnchorSide negatives, Span<double> room,
        Scratch scratch)
    {
        const int Slot = 3;
        int listed = 0;
        Span<int> triplets = default;
        if (_relation.AreTriplets)
        {
            triplets = _formsTriplets ? scratch.Take<int>(Slot, 2 * positives.Count) : default;
            listed = Miners.List(_mining.Gaps, positives, negatives, triplets);
        }
        else if (_mining.Miner == Miner.Angular)
        {
            long all = 2L * positives.Count * negatives.Count;
            triplets = _formsTriplets ? scratch.Take<int>(Slot, all) : default;
            listed = Miners.ListAngles(_mining, _directions!, anchor, positives, negatives, triplets, _workshop);
        }
        else if (_mining.Miner == Miner.DistanceWeighted)
        {
            triplets = _formsTriplets ? scratch.Take<int>(Slot, 2 * positives.Count) : default;
            listed = Miners.ListDrawn(_mining, _directions!, anchor, positives, negatives, room, triplets);
        }
        else
        {
            Miners.Choose(_mining, ref positives, ref negatives);
            _positiveBins?.Choose(anchor, ref positives);
            _negativeBins?.Choose(anchor, ref negatives);
            if (_counts)
            {
                Miners.Count(_mining.Gaps, positives, negatives, room);
            }
        }

        if (_counts)
        {
            positives.KeepCounted();
            negatives.KeepCounted();
        }

        return _formsTriplets ? triplets[..(2 * listed)] : default;
    }
}
