using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Who is whose positive and negative in a batch: by equal labels, as a request's pairs or triplets say, or as
/// a miner chose. A sample that is left out is nobody's.</summary>
internal sealed class Relation : IDisposable
{
    private readonly KeptItems _plan;
    private readonly Tensor? _labels;
    private readonly PairTable? _pairs;
    private readonly TupleIndex? _triplets;

    /// <summary>Reads what the request gives.</summary>
    public Relation(LossRequest request, KeptItems plan, TensorPool pool)
    {
        _plan = plan;
        _labels = Given(request, Mined.LabelsName);
        if (_labels is not null)
        {
            return;
        }

        Tensor? triplets = Given(request, Mined.TripletsName);
        if (triplets is not null && !request.Card.Inputs.Contains(Mined.PairsOfTriplets))
        {
            _triplets = new(triplets, plan, pool);
            return;
        }

        _pairs = new(plan.Items, pool);
        if (triplets is not null)
        {
            _pairs.ReadTriplets(triplets, plan);
            return;
        }

        _pairs.Read(PairKind.Positive, Given(request, Mined.PositivePairsName)!, plan);
        _pairs.Read(PairKind.Negative, Given(request, Mined.NegativePairsName)!, plan);
    }

    /// <summary>Takes over what a miner chose.</summary>
    public Relation(KeptItems plan, PairTable pairs)
    {
        _plan = plan;
        _pairs = pairs;
    }

    /// <summary>The most positives, or negatives, that an anchor can have.</summary>
    public int Most => _triplets?.Most ?? _plan.Items;

    /// <summary>True when an anchor's positives and negatives belong together one by one: they are triplets.</summary>
    public bool AreTriplets => _triplets is not null;

    /// <summary>Writes the places of an anchor's positives and negatives, each in the order of the batch; of triplets
    /// in that of the request.</summary>
    public (int Positives, int Negatives) Gather(int anchor, Span<int> positives, Span<int> negatives)
    {
        if (_labels is not null)
        {
            return ByLabel(anchor, positives, negatives);
        }

        if (_pairs is not null)
        {
            return (_pairs.Gather(PairKind.Positive, anchor, positives),
                _pairs.Gather(PairKind.Negative, anchor, negatives));
        }

        ReadOnlySpan<int> others = _triplets![anchor];
        for (int i = 0; i < others.Length; i += 2)
        {
            positives[i / 2] = others[i];
            negatives[i / 2] = others[i + 1];
        }

        return (others.Length / 2, others.Length / 2);
    }

    /// <summary>Writes the places of an anchor's positives alone, where they are no triplets'.</summary>
    public int GatherPositives(int anchor, Span<int> places)
    {
        if (_pairs is not null)
        {
            return _pairs.Gather(PairKind.Positive, anchor, places);
        }

        ReadOnlySpan<int> all = _labels!.Label;
        int found = 0;
        int at = 0;
        for (int next = all.IndexOf(all[anchor]); next >= 0; next = all[at..].IndexOf(all[anchor]))
        {
            at += next;
            if (at != anchor && !_plan.IsLeftOut(at))
            {
                places[found++] = at;
            }

            at++;
        }

        return found;
    }

    /// <summary>Sets the numbers of those who are neither positive nor negative to the anchor, where they are no
    /// triplets'.</summary>
    public void Silence<TNumber>(int anchor, Span<TNumber> row, TNumber silence)
    {
        if (_pairs is not null)
        {
            _pairs.Silence(anchor, row, silence);
            return;
        }

        row[anchor] = silence;
        for (int other = 0; _plan.LeftOut > 0 && other < row.Length; other++)
        {
            row[other] = _plan.IsLeftOut(other) ? silence : row[other];
        }
    }

    /// <summary>How many pairs of an anchor and a positive there are, and how many anchors have one, where they are no
    /// triplets'.</summary>
    public (long Pairs, int Anchors) CountPositives(TensorPool pool)
    {
        if (_labels is not null)
        {
            using Tensor scratch = Tensor.Rent(pool, new Shape(_plan.Items), Element.Label);
            return LabelCounts.Of(_labels.Label, _plan, scratch.Label);
        }

        long pairs = 0;
        int anchors = 0;
        for (int anchor = 0; anchor < _plan.Items; anchor++)
        {
            int own = _pairs!.Count(PairKind.Positive, anchor);
            pairs += own;
            anchors += own == 0 ? 0 : 1;
        }

        return (pairs, anchors);
    }

    public void Dispose()
    {
        _pairs?.Dispose();
        _triplets?.Dispose();
    }

    private (int Positives, int Negatives) ByLabel(int anchor, Span<int> positives, Span<int> negatives)
    {
        ReadOnlySpan<int> labels = _labels!.Label;
        int alike = 0;
        int unlike = 0;
        for (int other = 0; other < labels.Length; other++)
        {
            if (other == anchor || _plan.IsLeftOut(other))
            {
                continue;
            }

            if (labels[other] == labels[anchor])
            {
                positives[alike++] = other;
            }
            else
            {
                negatives[unlike++] = other;
            }
        }

        return (alike, unlike);
    }

    /// <summary>The labels or places of the input of this name; null where the card has none or the request gives
    /// none.</summary>
    public static Tensor? Given(LossRequest request, string name) =>
        request.Card.PlaceOfInput(name) is var place and >= 0 ? request.LabelTensor(place) : null;
}
