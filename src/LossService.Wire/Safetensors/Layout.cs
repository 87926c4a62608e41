using LossService.Engine;

namespace LossService.Wire.Safetensors;

/// <summary>Where the tensors of a file lie: side by side, without holes, overlaps or a byte that belongs to
/// none.</summary>
internal static class Layout
{
    /// <summary>The tensors, put in the order of their bytes, or null when they do not lie side by side or the body
    /// would pass its limit; the mistakes then say so.</summary>
    public static List<TensorEntry>? Of(
        List<TensorEntry> entries, long headerEnd, ReadLimits limits, Mistakes mistakes)
    {
        Sort(entries);
        long end = 0;
        bool isSound = true;
        foreach (TensorEntry entry in entries)
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

        return isSound ? entries : null;
    }

    // By insertion: few tensors, nearly always in order, and equal ones stay as the header has them.
    private static void Sort(List<TensorEntry> entries)
    {
        for (int next = 1; next < entries.Count; next++)
        {
            TensorEntry entry = entries[next];
            int place = next;
            for (; place > 0 && IsBehind(entries[place - 1], entry); place--)
            {
                entries[place] = entries[place - 1];
            }

            entries[place] = entry;
        }
    }

    private static bool IsBehind(TensorEntry one, TensorEntry other) =>
        one.Begin > other.Begin || (one.Begin == other.Begin && one.End > other.End);
}
