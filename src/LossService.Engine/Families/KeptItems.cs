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

    /// <summary>How many of <see cref="LeftOut"/> were ignored by their label.</summary>
    public int Ignored { get; private set; }

    /// <summary>Not 0 for an item that is masked or ignored; empty where none is.</summary>
    public ReadOnlySpan<byte> LeftOutFlags => Flags is null ? default : Flags.Flag;

    /// <summary>The same as a tensor; null where no item is left out.</summary>
    protected Tensor? Flags { get; set; }

    /// <summary>True when the item is masked or ignored.</summary>
    public bool IsLeftOut(int item) => Flags is not null && Flags.Flag[item] != 0;

    /// <summary>Leaves out what a mask does, or a label that is to be ignored; before anything else is.</summary>
    protected void LeaveOut(Tensor? mask, Broadcast maskAt, Tensor? labels, int? ignoreIndex, Workshop workshop)
    {
        Flags = Tensor.Rent(workshop.Pool, new Shape(Items), Element.Flag);
        try
        {
            var pace = new Pace(workshop);
            Span<byte> outs = Flags.Flag;
            for (int item = 0; item < Items; item++)
            {
                pace.Count(1);
                bool masked = mask is not null && mask.Flag[maskAt.At(item)] == 0;
                bool ignored = !masked && labels is not null && labels.Label[item] == ignoreIndex;
                outs[item] = masked || ignored ? (byte)1 : (byte)0;
                LeftOut += outs[item];
                Ignored += ignored ? 1 : 0;
            }
        }
        catch
        {
            Flags.Dispose(); // nobody else has these items yet
            throw;
        }
    }

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
