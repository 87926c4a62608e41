using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Which items of a request are there; the others are left out, masked or ignored, and nothing of them
/// counts.</summary>
internal abstract class KeptItems
{
    /// <summary>How many items there are, those left out included.</summary>
    public int Items { get; protected init; }

    /// <summary>How many items are left out: masked or ignored.</summary>
    public int LeftOut { get; protected set; }

    /// <summary>Not 0 for an item that is masked or ignored; empty where none is.</summary>
    public ReadOnlySpan<byte> LeftOutFlags => Flags is null ? default : Flags.Flag;

    /// <summary>The same as a tensor; null where no item is left out.</summary>
    protected Tensor? Flags { get; set; }

    /// <summary>True when the item is masked or ignored.</summary>
    public bool IsLeftOut(int item) => Flags is not null && Flags.Flag[item] != 0;

    /// <summary>True when none of some items is.</summary>
    public bool AreKept(ReadOnlySpan<int> items)
    {
        bool areKept = true;
        foreach (int item in items)
        {
            areKept &= !IsLeftOut(item);
        }

        return areKept;
    }
}
