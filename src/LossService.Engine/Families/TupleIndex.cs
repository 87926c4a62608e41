using System.Numerics;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The index tuples of a request by their anchors, which stand first in each; without those that touch a
/// sample which is left out.</summary>
internal sealed class TupleIndex : IDisposable
{
    private readonly Tensor _all; // where each anchor's tuples start, and end, and the places behind the anchors
    private readonly int _anchors;
    private readonly int _width;

    private TupleIndex(Tensor all, int anchors, int width)
    {
        _all = all;
        _anchors = anchors;
        _width = width;
    }

    /// <summary>The most places that an anchor has.</summary>
    public int Most { get; private set; }

    /// <summary>Orders pairs, each of which then counts once, or triplets, which stay a list.</summary>
    public static TupleIndex Of<T>(Tensor tuples, ItemPlan<T> plan, TensorPool pool)
        where T : unmanaged, INumberBase<T>
    {
        int width = tuples.Shape.Rank < 2 ? 1 : tuples.Shape[1];
        int anchors = plan.Items;
        var all = Tensor.Rent(pool, new Shape((2 * anchors) + 1 + tuples.Shape.Elements), Element.Label);
        var index = new TupleIndex(all, anchors, Math.Max(1, width - 1));
        index.Fill(tuples.Label, plan);
        index.Order(areSets: width == 2);
        return index;
    }

    /// <summary>An anchor's places: its pairs' others in the order of the batch, its triplets' others two by
    /// two.</summary>
    public ReadOnlySpan<int> this[int anchor] =>
        Places.Slice(_width * Starts[anchor], _width * (Ends[anchor] - Starts[anchor]));

    public void Dispose() => _all.Dispose();

    private Span<int> Starts => _all.Label[..(_anchors + 1)];

    private Span<int> Ends => _all.Label.Slice(_anchors + 1, _anchors);

    private Span<int> Places => _all.Label[((2 * _anchors) + 1)..];

    private void Fill<T>(ReadOnlySpan<int> tuples, ItemPlan<T> plan)
        where T : unmanaged, INumberBase<T>
    {
        Span<int> starts = Starts;
        starts.Clear();
        for (int at = 0; at < tuples.Length; at += _width + 1)
        {
            starts[tuples[at] + 1] += Stays(tuples.Slice(at, _width + 1), plan) ? 1 : 0;
        }

        for (int anchor = 0; anchor < _anchors; anchor++)
        {
            starts[anchor + 1] += starts[anchor];
        }

        Span<int> ends = Ends;
        starts[.._anchors].CopyTo(ends);
        for (int at = 0; at < tuples.Length; at += _width + 1)
        {
            ReadOnlySpan<int> tuple = tuples.Slice(at, _width + 1);
            if (Stays(tuple, plan))
            {
                tuple[1..].CopyTo(Places[(_width * ends[tuple[0]]++)..]);
            }
        }
    }

    private static bool Stays<T>(ReadOnlySpan<int> tuple, ItemPlan<T> plan)
        where T : unmanaged, INumberBase<T>
    {
        bool stays = true;
        foreach (int place in tuple)
        {
            stays &= !plan.IsLeftOut(place);
        }

        return stays;
    }

    private void Order(bool areSets)
    {
        for (int anchor = 0; anchor < _anchors; anchor++)
        {
            Span<int> own = Places[(_width * Starts[anchor])..(_width * Ends[anchor])];
            if (areSets)
            {
                own.Sort();
                int kept = 0;
                for (int i = 0; i < own.Length; i++)
                {
                    own[kept] = own[i];
                    kept += i + 1 < own.Length && own[i + 1] == own[i] ? 0 : 1;
                }

                Ends[anchor] = Starts[anchor] + kept;
                own = own[..kept];
            }

            Most = Math.Max(Most, own.Length / _width);
        }
    }
}
