using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Who is whose positive and negative in a batch: by equal labels, or as a request's pairs or triplets say. A
/// sample that is left out is nobody's.</summary>
internal sealed class Relation<T> : IDisposable where T : unmanaged, INumberBase<T>
{
    private readonly ItemPlan<T> _plan;
    private readonly Tensor? _labels;
    private readonly TupleIndex? _positives;
    private readonly TupleIndex? _negatives;
    private readonly TupleIndex? _triplets;

    /// <summary>Reads what the request gives.</summary>
    public Relation(LossRequest request, ItemPlan<T> plan, TensorPool pool)
    {
        _plan = plan;
        _labels = Given(request, Mined.LabelsName);
        try
        {
            _positives = Index(request, Mined.PositivePairsName, pool);
            _negatives = Index(request, Mined.NegativePairsName, pool);
            _triplets = Index(request, Mined.TripletsName, pool);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The most positives, or negatives, that an anchor can have.</summary>
    public int Most => _triplets?.Most ?? _plan.Items;

    /// <summary>True when an anchor's positives and negatives belong together one by one: they are triplets.</summary>
    public bool AreTriplets => _triplets is not null;

    /// <summary>The labels, where these decide.</summary>
    public Tensor? Labels => _labels;

    /// <summary>Writes the places of an anchor's positives and negatives, each in the order of the batch; of triplets
    /// in that of the request.</summary>
    public (int Positives, int Negatives) Gather(int anchor, Span<int> positives, Span<int> negatives)
    {
        if (_labels is not null)
        {
            return ByLabel(anchor, positives, negatives);
        }

        if (_triplets is null)
        {
            _positives![anchor].CopyTo(positives);
            _negatives![anchor].CopyTo(negatives);
            return (_positives[anchor].Length, _negatives[anchor].Length);
        }

        ReadOnlySpan<int> others = _triplets[anchor];
        for (int i = 0; i < others.Length; i += 2)
        {
            positives[i / 2] = others[i];
            negatives[i / 2] = others[i + 1];
        }

        return (others.Length / 2, others.Length / 2);
    }

    /// <summary>Writes the places of an anchor's positives alone.</summary>
    public int GatherPositives(int anchor, Span<int> places)
    {
        if (_labels is null)
        {
            _positives![anchor].CopyTo(places);
            return _positives[anchor].Length;
        }

        ReadOnlySpan<int> all = _labels.Label;
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

    /// <summary>Sets the numbers of those who are neither positive nor negative to the anchor.</summary>
    public void Silence<TNumber>(int anchor, Span<TNumber> row, TNumber silence)
    {
        if (_labels is not null)
        {
            row[anchor] = silence;
            for (int other = 0; _plan.LeftOut > 0 && other < row.Length; other++)
            {
                row[other] = _plan.IsLeftOut(other) ? silence : row[other];
            }

            return;
        }

        ReadOnlySpan<int> positives = _positives![anchor];
        ReadOnlySpan<int> negatives = _negatives![anchor];
        for (int other = 0; other < row.Length; other++)
        {
            row[other] = positives.BinarySearch(other) < 0 && negatives.BinarySearch(other) < 0 ? silence : row[other];
        }
    }

    /// <summary>How many pairs of an anchor and a positive there are, and how many anchors have one.</summary>
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
            pairs += _positives![anchor].Length;
            anchors += _positives[anchor].IsEmpty ? 0 : 1;
        }

        return (pairs, anchors);
    }

    public void Dispose()
    {
        _positives?.Dispose();
        _negatives?.Dispose();
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

    private TupleIndex? Index(LossRequest request, string name, TensorPool pool) =>
        Given(request, name) is { } tuples ? TupleIndex.Of(tuples, _plan, pool) : null;

    private static Tensor? Given(LossRequest request, string name) =>
        request.Card.PlaceOfInput(name) is var place and >= 0 ? request.LabelTensor(place) : null;
}
