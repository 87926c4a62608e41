namespace LossService.Engine.Families;

/// <summary>What a mean divides by, in the order of the words of <c>reducer</c>.</summary>
internal enum Reducer
{
    /// <summary>The anchors, one an item.</summary>
    Anchors,

    /// <summary>The pairs or triplets that were formed.</summary>
    Tuples,

    /// <summary>Those of them that cost something.</summary>
    Nonzero,
}

/// <summary>Which pairs or triplets count, in the order of the words of <c>miner</c>.</summary>
internal enum Miner
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>The negative is nearer than the positive.</summary>
    Hard,

    /// <summary>The negative is farther than the positive, but not by the miner's margin.</summary>
    Semihard,

    /// <summary>The negative is farther than the positive by more than the miner's margin.</summary>
    Easy,
}
