using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Who is positive and who is negative to whom in a batch, as a request lists it or a miner leaves it: a flag
/// for each anchor and sample. What is said twice counts once.</summary>
internal sealed class PairTable : IDisposable
{
    private readonly Tensor _flags;
    private readonly int _samples;

    /// <summary>A batch in which nobody is related.</summary>
    public PairTable(int samples, TensorPool pool)
    {
        _samples = samples;
        _flags = Tensor.Rent(pool, new Shape(samples, samples), Element.Flag);
        _flags.Flag.Clear();
    }

    /// <summary>Reads listed pairs of a place of an anchor and one of another sample, but for those that touch a sample
    /// which is left out.</summary>
    public void Read(PairKind kind, Tensor pairs, KeptItems plan)
    {
        ReadOnlySpan<int> places = pairs.Label;
        for (int at = 0; at < places.Length; at += 2)
        {
            if (plan.AreKept(places.Slice(at, 2)))
            {
                Add(kind, places[at], places.Slice(at + 1, 1));
            }
        }
    }

    /// <summary>Reads the pairs of listed triplets, but for triplets that touch a sample which is left out.</summary>
    public void ReadTriplets(Tensor triplets, KeptItems plan)
    {
        ReadOnlySpan<int> places = triplets.Label;
        for (int at = 0; at < places.Length; at += 3)
        {
            if (plan.AreKept(places.Slice(at, 3)))
            {
                Add(PairKind.Positive, places[at], places.Slice(at + 1, 1));
                Add(PairKind.Negative, places[at], places.Slice(at + 2, 1));
            }
        }
    }

    /// <summary>Relates samples to an anchor. Different anchors may do so at once.</summary>
    public void Add(PairKind kind, int anchor, params ReadOnlySpan<int> samples)
    {
        Span<byte> row = Row(anchor);
        foreach (int sample in samples)
        {
            row[sample] |= (byte)kind;
        }
    }

    /// <summary>Sets the numbers of those who are nothing to the anchor.</summary>
    public void Silence<TNumber>(int anchor, Span<TNumber> numbers, TNumber silence)
    {
        ReadOnlySpan<byte> row = Row(anchor);
        for (int sample = 0; sample < row.Length; sample++)
        {
            numbers[sample] = row[sample] == 0 ? silence : numbers[sample];
        }
    }

    /// <summary>Writes the places of those that are of a kind to an anchor, in the order of the batch.</summary>
    public int Gather(PairKind kind, int anchor, Span<int> places)
    {
        ReadOnlySpan<byte> row = Row(anchor);
        int found = 0;
        for (int sample = 0; sample < row.Length; sample++)
        {
            if ((row[sample] & (byte)kind) != 0)
            {
                places[found++] = sample;
            }
        }

        return found;
    }

    /// <summary>How many samples are of a kind to an anchor.</summary>
    public int Count(PairKind kind, int anchor)
    {
        int count = 0;
        foreach (byte flags in Row(anchor))
        {
            count += (flags & (byte)kind) != 0 ? 1 : 0;
        }

        return count;
    }

    public void Dispose() => _flags.Dispose();

    private Span<byte> Row(int anchor) => _flags.Flag.Slice(anchor * _samples, _samples);
}

/// <summary>What a sample is to an anchor; listed pairs may make it both.</summary>
[Flags]
internal enum PairKind : byte
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>To be near.</summary>
    Positive = 1,

    /// <summary>To be far.</summary>
    Negative = 2,
}
