using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What the anchors of a batch formed, for an answer that tells it: triplets, or positive pairs and negative
/// pairs.</summary>
internal sealed class FormedTuples : IDisposable
{
    private readonly TupleTable _first;
    private readonly TupleTable? _negatives;

    public FormedTuples(bool areTriplets, int anchors, TensorPool pool)
    {
        _first = new(anchors, areTriplets ? 3 : 2, pool);
        try
        {
            _negatives = areTriplets ? null : new(anchors, 2, pool);
        }
        catch
        {
            _first.Dispose();
            throw;
        }
    }

    /// <summary>Takes down all pairs of a relation, for a loss that leaves none out.</summary>
    /// <returns>False where the request asks for more than an answer holds, which is then its mistake.</returns>
    public bool Tell(Relation relation, KeptItems plan, LossRequest request, Workshop workshop)
    {
        var pace = new Pace(workshop);
        using Tensor places = Tensor.Rent(workshop.Pool, new Shape(2, plan.Items), Element.Label);
        foreach (bool areCounted in (ReadOnlySpan<bool>)[false, true])
        {
            if (areCounted && !Lay(request, workshop.Pool))
            {
                return false;
            }

            for (int anchor = 0; anchor < plan.Items; anchor++)
            {
                pace.Count(plan.Items);
                Span<int> positives = places.Label[..plan.Items];
                Span<int> negatives = places.Label[plan.Items..];
                (int alike, int unlike) =
                    plan.IsLeftOut(anchor) ? default : relation.Gather(anchor, positives, negatives);
                if (areCounted)
                {
                    _first.Tell(anchor, positives[..alike]);
                    _negatives!.Tell(anchor, negatives[..unlike]);
                }
                else
                {
                    _first.Count(anchor, alike);
                    _negatives!.Count(anchor, unlike);
                }
            }
        }

        return true;
    }

    /// <summary>Notes how much an anchor forms, in a first pass.</summary>
    public void Count(in Neighbours row, int triplets)
    {
        _first.Count(row.Anchor, _negatives is null ? triplets : row.PositivePlaces.Length);
        _negatives?.Count(row.Anchor, row.NegativePlaces.Length);
    }

    /// <summary>Makes room for all, once all is counted.</summary>
    /// <returns>False where the request asks for more than an answer holds, which is then its mistake.</returns>
    public bool Lay(LossRequest request, TensorPool pool)
    {
        long elements = Math.Max(_first.Elements, _negatives?.Elements ?? 0);
        if (Oversize.Refuses(request, request.PointerOf(Mined.ReturnTuples), "places in all tuples", elements))
        {
            return false;
        }

        _first.Lay(pool);
        _negatives?.Lay(pool);
        return true;
    }

    /// <summary>Where an anchor takes its triplets down; nowhere where pairs are told.</summary>
    public Span<int> TripletsOf(int anchor) => _negatives is null ? _first.PlaceOf(anchor) : default;

    /// <summary>Takes an anchor's pairs down, where these are told.</summary>
    public void Tell(in Neighbours row)
    {
        if (_negatives is not null)
        {
            _first.Tell(row.Anchor, row.PositivePlaces);
            _negatives.Tell(row.Anchor, row.NegativePlaces);
        }
    }

    /// <summary>Hands all to the answer.</summary>
    public void Release(LossResult result)
    {
        result.Outputs[0] = _first.Release();
        if (_negatives is not null)
        {
            result.Outputs[1] = _negatives.Release();
        }
    }

    public void Dispose()
    {
        _negatives?.Dispose();
        _first.Dispose();
    }
}
