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
