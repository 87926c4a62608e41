using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

namespace LossService.Wire.Safetensors;

/// <summary>One tensor as the header describes it.</summary>
/// <param name="Pointer">Where its mistakes point.</param>
internal sealed record TensorEntry(string Pointer)
{
    /// <summary>Stands where no tensor has begun yet.</summary>
    public static TensorEntry None { get; } = new("");

    /// <summary>The input's place on the card, or -1 for a tensor that is passed over.</summary>
    public int Place { get; set; }

    /// <summary>What its elements are; null for a dtype that nobody reads.</summary>
    public Dtype? Type { get; set; }

    /// <summary>The lengths of its axes.</summary>
    public Shape Shape { get; set; }

    /// <summary>Where it begins, counted from the end of the header.</summary>
    public long Begin { get; set; }

    /// <summary>The first byte behind it.</summary>
    public long End { get; set; }
}
