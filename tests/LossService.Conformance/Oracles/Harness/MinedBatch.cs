using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>A batch of labelled vectors and how far each is from every other.</summary>
internal sealed class MinedBatch
{
    private readonly OracleInputs _given;
    private readonly bool _listsTriplets;
    private Tensor? _triplets;

    /// <summary>Reads the batch; vectors are scaled to length 1 where the request or the loss's default says so.</summary>
    /// <param name="given">The request.</param>
    /// <param name="normalizes">The loss's default.</param>
    /// <param name="ofPairs">True where listed triplets are another way to list pairs.</param>
    public MinedBatch(OracleInputs given, bool normalizes, bool ofPairs = false)
    {
        _given = given;
        _listsTriplets = given.Has("triplets") && !ofPairs;
        Tensor rows = given["embeddings"];
        Kept = Batch.Kept(given, rows);
        rows = where(Kept.unsqueeze(1), rows, zeros_like(rows));
        Vectors = given.Flag("normalize_embeddings", normalizes) ? Batch.Unit(rows) : rows;
        if (given.Has("triplets"))
        {
            Form(Batch.ListedTriplets(given, Kept));
            _triplets = _listsTriplets ? _triplets : null;
            return;
        }

        (Positives, Negatives) = Batch.Related(given, Kept);
    }

    /// <summary>True for the samples that no mask hides.</summary>
    public Tensor Kept { get; }

    /// <summary>The vectors, one a row.</summary>
    public Tensor Vectors { get; }

    /// <summary>(anchor, sample): positive to the anchor.</summary>
    public Tensor Positives { get; private set; }

    /// <summary>(anchor, sample): negative to the anchor.</summary>
    public Tensor Negatives { get; private set; }

    /// <summary>(anchor, positive, negative): how often each triplet counts.</summary>
    public Tensor Triplets =>
        _triplets ??= Positives.unsqueeze(2).logical_and(Negatives.unsqueeze(1)).to(ScalarType.Float64);

    /// <summary>(anchor, sample and sample once more): how often each positive pair counts, then each negative
    /// one.</summary>
    public Tensor Pairs => _listsTriplets ? PairsOfTriplets : cat([Positives, Negatives], 1);

    /// <summary>The same, each as often as it stands in a triplet.</summary>
    public Tensor PairsOfTriplets => cat([Triplets.sum([2L]), Triplets.sum([1L])], 1);

    /// <summary>Leaves what the request's miner chooses by these distances, or by minus these similarities.</summary>
    public void Mine(Tensor distances, bool ofSimilarities = false)
    {
        var miner = new Miner(_given, distances, ofSimilarities);
        if (miner.IsOfTriplets || _listsTriplets)
        {
            Form(miner.Triplets(Triplets, Vectors, Kept, _listsTriplets));
        }
        else
        {
            (Positives, Negatives) = miner.Pairs(Positives, Negatives, Kept);
        }
    }

    /// <summary>(anchor, sample): the distance that the request names, or the loss's default.</summary>
    public Tensor Distances(string @default = "l2") => Batch.Distances(_given, Vectors, Vectors, @default);

    /// <summary>(anchor, sample): the product of their vectors.</summary>
    public Tensor Similarities() => Batch.Products(Vectors, Vectors);

    /// <summary>The items from a cost for each tuple, with what a mean divides by.</summary>
    /// <param name="costs">(anchor, …): what each tuple costs.</param>
    /// <param name="formed">How often each tuple is formed.</param>
    /// <param name="reducer">The loss's default.</param>
    public OracleItems Items(Tensor costs, Tensor formed, string reducer)
    {
        long[] axes = [.. Enumerable.Range(1, (int)costs.dim() - 1)];
        Tensor counts = formed.to(ScalarType.Float64);
        counts = Reducer(reducer) == "threshold" ? counts * Within(costs) : counts;
        Tensor items = Sum(where(counts > 0, costs * counts.to(costs.dtype), zeros_like(costs)), axes);
        Tensor sums = Sum(counts, axes);
        return Reducer(reducer) switch
        {
            "tuples" or "threshold" => new(items) { Tally = ("pairs", sums) },
            "nonzero" => new(items) { Tally = ("nonzero", Sum(counts * (costs > 0), axes)) },
            "per_anchor" => new(items / sums.clamp_min(1).to(items.dtype)),
            _ => new(items),
        };
    }

    /// <summary>The items of a loss whose anchors cost as a whole.</summary>
    /// <param name="items">(anchor): what it costs.</param>
    /// <param name="formed">How much a mean counts of each.</param>
    /// <param name="reducer">The loss's default.</param>
    public OracleItems Whole(Tensor items, Tensor formed, string reducer)
    {
        Tensor counts = formed.to(ScalarType.Float64);
        Tensor kept = counts > 0;
        kept = Reducer(reducer) == "threshold" ? kept.logical_and(Within(items)) : kept;
        items = where(kept, items, zeros_like(items));
        return Reducer(reducer) switch
        {
            "tuples" or "threshold" => new(items) { Tally = ("pairs", counts * kept) },
            "nonzero" => new(items) { Tally = ("nonzero", counts * (items > 0)) },
            _ => new(items),
        };
    }

    /// <summary>log Σ e^v over the samples of each anchor that count; anything where none does.</summary>
    public static Tensor LogSum(Tensor exponents, Tensor counts)
    {
        Tensor none = counts.any(1, keepdim: true).logical_not();
        Tensor low = full([1], double.NegativeInfinity, dtype: exponents.dtype);
        return where(none, zeros_like(exponents), where(counts, exponents, low)).logsumexp(1);
    }

    /// <summary>max(0, v) as the request's <c>tie</c> has it.</summary>
    public Tensor Hinge(Tensor v) => Ops.Hinge(v, _given);

    private string Reducer(string @default) => _given.Word("reducer", @default);

    // Costs between both bounds, each of which may be null.
    private Tensor Within(Tensor costs)
    {
        Tensor all = ones_like(costs, ScalarType.Bool);
        Tensor low = _given.NumberOrNull("reducer_low", 0) is double least ? costs > least : all;
        Tensor high = _given.NumberOrNull("reducer_high", null) is double most ? costs < most : all;
        return low.logical_and(high);
    }

    [MemberNotNull(nameof(Positives), nameof(Negatives))]
    private void Form(Tensor triplets)
    {
        _triplets = triplets;
        Positives = triplets.sum([2L]) > 0;
        Negatives = triplets.sum([1L]) > 0;
    }

    private static Tensor Sum(Tensor numbers, long[] axes) => axes.Length == 0 ? numbers : numbers.sum(axes);
}
