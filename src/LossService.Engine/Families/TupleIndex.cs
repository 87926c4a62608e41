using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The triplets of a request by their anchors, which stand first in each; without those that touch a sample
/// which is left out.</summary>
internal sealed class TupleIndex : IDisposable
{
    private const int Width = 2; // places behind the anchor

    private readonly Tensor _all; // where each anchor's triplets start, and end, and the places behind the anchors
    private readonly int _anchors;

    /// <summary>Orders triplets by their anchors; those of one anchor stay a list.</summary>
    public TupleIndex(Tensor triplets, KeptItems plan, TensorPool pool)
    {
        _anchors = plan.Items;
        _all = Tensor.RentVector(pool, (2L * _anchors) + 1 + triplets.Shape.Elements, Element.Label);
        Fill(triplets.Label, plan);
        for (int anchor = 0; anchor < _anchors; anchor++)
        {
            Most = Math.Max(Most, Ends[anchor] - Starts[anchor]);
        }
    }

    /// <summary>The most triplets that an anchor has.</summary>
    public int Most { get; }

    /// <summary>The places of an anchor's triplets, positive and negative, two by two.</summary>
    public ReadOnlySpan<int> this[int anchor] =>
        Places.Slice(Width * Starts[anchor], Width * (Ends[anchor] - Starts[anchor]));

    public void Dispose() => _all.Dispose();

    private Span<int> Starts => _all.Label[..(_anchors + 1)];

    private Span<int> Ends => _all.Label.Slice(_anchors + 1, _anchors);

    private Span<int> Places => _all.Label[((2 * _anchors) + 1)..];

    private void Fill(ReadOnlySpan<int> triplets, KeptItems plan)
    {
        Span<int> starts = Starts;
        starts.Clear();
        for (int at = 0; at < triplets.Length; at += Width + 1)
        {
            starts[triplets[at] + 1] += plan.AreKept(triplets.Slice(at, Width + 1)) ? 1 : 0;
        }

        for (int anchor = 0; anchor < _anchors; anchor++)
        {
            starts[anchor + 1] += starts[anchor];
        }

        Span<int> ends = Ends;
        starts[.._anchors].CopyTo(ends);
        for (int at = 0; at < triplets.Length; at += Width + 1)
        {
            ReadOnlySpan<int> triplet = triplets.Slice(at, Width + 1);
            if (plan.AreKept(triplet))
            {
                triplet[1..].CopyTo(Places[(Width * ends[triplet[0]]++)..]);
            }
        }
    }
}
