namespace LossService.Engine.Lanes;

/// <summary>A number for each item of a block, or one vector of the same number that stands for all of
/// them.</summary>
internal readonly ref struct Strip<T>(Span<T> numbers, bool repeats)
    where T : unmanaged
{
    public Span<T> Numbers { get; } = numbers;

    /// <summary>True when one vector stands for all: loops load it once.</summary>
    public bool Repeats { get; } = repeats;

    /// <summary>The number of one item.</summary>
    public T this[int item] => Numbers[Repeats ? 0 : item];
}
