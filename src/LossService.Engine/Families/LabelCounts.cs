namespace LossService.Engine.Families;

/// <summary>What a mean over pairs of one label divides by.</summary>
internal static class LabelCounts
{
    /// <summary>How many pairs of an anchor and a positive there are, and how many anchors have one.</summary>
    public static (long Pairs, int Anchors) Of(ReadOnlySpan<int> labels, KeptItems plan, Span<int> scratch)
    {
        int kept = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            if (!plan.IsLeftOut(i))
            {
                scratch[kept++] = labels[i];
            }
        }

        // Samples of one label lie side by side once sorted, and each pairs with all others of its run.
        Span<int> sorted = scratch[..kept];
        sorted.Sort();
        long pairs = 0;
        int anchors = 0;
        for (int start = 0; start < sorted.Length;)
        {
            int length = sorted[start..].LastIndexOf(sorted[start]) + 1;
            pairs += (long)length * (length - 1);
            anchors += length > 1 ? length : 0;
            start += length;
        }

        return (pairs, anchors);
    }
}
