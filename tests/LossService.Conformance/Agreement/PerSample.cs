using LossService.Engine.Cards;

namespace LossService.Conformance.Agreement;

/// <summary>Losses whose items are those of samples only when asked for, as of regions.</summary>
internal static class PerSample
{
    /// <summary>The choice that makes an item of each sample; null where there is none to make.</summary>
    public static ItemsWith? Of(LossCard card) =>
        card.ItemsWith is { } other && HasSamples(other.Items) && !HasSamples(card.Items) ? other : null;

    private static bool HasSamples(string items) => items.Split(' ')[0] == "N";
}
