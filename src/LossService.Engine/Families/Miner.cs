namespace LossService.Engine.Families;

/// <summary>Which of an anchor's pairs or triplets count, in the order of the words of <c>miner</c>.</summary>
internal enum Miner
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>Triplets whose negative is no farther than the positive.</summary>
    Hard,

    /// <summary>Triplets whose negative is farther than the positive by at most the miner's margin.</summary>
    Semihard,

    /// <summary>Triplets whose negative is farther than the positive by more than the miner's margin.</summary>
    Easy,

    /// <summary>The farthest positive and the nearest negative.</summary>
    BatchHard,

    /// <summary>One positive and one negative by a strategy each, or all of them.</summary>
    BatchEasyHard,

    /// <summary>Pairs that are not clearly apart from the hardest of the other kind.</summary>
    MultiSimilarity,

    /// <summary>Positives beyond a distance, negatives within one.</summary>
    PairMargin,

    /// <summary>For each positive a negative, drawn so that all distances are likely alike.</summary>
    DistanceWeighted,

    /// <summary>Triplets with a wide angle at the negative.</summary>
    Angular,

    /// <summary>Triplets whose negative is not farther than the positive by more than the miner's margin.</summary>
    TripletMargin,

    /// <summary>The hardest of all positive pairs of the batch, and of all negative ones.</summary>
    Hdc,

    /// <summary>Some pairs of each distance, drawn among all of the batch.</summary>
    UniformHistogram,
}

/// <summary>Which sample of a kind an anchor takes, in the order of the words of <c>miner_positive</c> and
/// <c>miner_negative</c>.</summary>
internal enum Strategy
{
    /// <summary>The one that costs least: the nearest positive, the farthest negative.</summary>
    Easy,

    /// <summary>The hardest of those on the right side of the other kind's choice.</summary>
    Semihard,

    /// <summary>The one that costs most: the farthest positive, the nearest negative.</summary>
    Hard,

    /// <summary>All of them.</summary>
    All,
}

/// <summary>How much farther a triplet's negative is than its positive: above the first bound, up to the
/// second.</summary>
internal readonly record struct Gaps(double Least, double Most)
{
    /// <summary>Any gap.</summary>
    public static Gaps Any { get; } = new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>True for a gap within; a NaN is no reason to leave a triplet out.</summary>
    public bool Hold(double gap) => !(gap <= Least) && !(gap > Most);
}
