using LossService.Engine;

namespace LossService.Wire.Safetensors;

/// <summary>Where the tensors of a file lie: side by side, without holes, overlaps or a byte that belongs to
/// none.</summary>
internal static class Layout
{
    /// <summary>The tensors in the order of their bytes, or null when they do not lie side by side or the body would
    /// pass its limit; the mistakes then say so.</summary>
    public static List<TensorEntry>? Of(
        IReadOnlyList<TensorEntry> entries, long headerEnd, ReadLimits limits, Mistakes mistakes)
    {
        List<TensorEntry> ordered = [.. entries.OrderBy(one => one.Begin).ThenBy(one => one.End)];
        long end = 0;
        bool isSound = true;
        foreach (TensorEntry entry in ordered)
        {
            if (entry.Begin != end)
            {
                isSound = false;
                string found = entry.Begin > end
                    ? $"{entry.Begin}, which leaves a hole" : $"{entry.Begin}, which overlaps another tensor";
                mistakes.Add(Faults.Malformed(entry.Pointer, "header", $"data_offsets that begin at {end}", found));
            }

            end = Math.Max(end, entry.End);
        }

        if (isSound && end > limits.BodyBytesMax - headerEnd)
        {
            isSound = false;
            mistakes.Add(Faults.Beyond("", "body", limits.BodyBytesMax, "bytes of body"));
        }

        return isSound ? ordered : null;
    }
}
