using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The pairs or triplets that the anchors of a batch form: counted by a first pass, taken down by a second,
/// each anchor at its own place.</summary>
internal sealed class TupleTable : IDisposable
{
    private readonly Tensor _starts;
    private readonly int _width;
    private Tensor? _places;

    /// <param name="anchors">How many anchors there are.</param>
    /// <param name="width">How many places a tuple has.</param>
    /// <param name="pool">Lends the room.</param>
    public TupleTable(int anchors, int width, TensorPool pool)
    {
        _width = width;
        _starts = Tensor.Rent(pool, new Shape(anchors + 1), Element.Label);
        _starts.Label.Clear();
    }

    /// <summary>How many places all tuples have together, once all anchors are counted.</summary>
    public long Elements
    {
        get
        {
            long tuples = 0;
            foreach (int count in _starts.Label)
            {
                tuples += count;
            }

            return _width * tuples;
        }
    }

    /// <summary>Notes how many tuples an anchor forms.</summary>
    public void Count(int anchor, int tuples) => _starts.Label[anchor + 1] = tuples;

    /// <summary>Gives every anchor its place, once all are counted.</summary>
    public void Lay(TensorPool pool)
    {
        Span<int> starts = _starts.Label;
        for (int anchor = 1; anchor < starts.Length; anchor++)
        {
            starts[anchor] += starts[anchor - 1];
        }

        _places = Tensor.Rent(pool, new Shape(starts[^1], _width), Element.Label);
    }

    /// <summary>Where an anchor takes its tuples down.</summary>
    public Span<int> PlaceOf(int anchor)
    {
        ReadOnlySpan<int> starts = _starts.Label;
        return _places is null ? default
            : _places.Label.Slice(_width * starts[anchor], _width * (starts[anchor + 1] - starts[anchor]));
    }

    /// <summary>Takes down an anchor's pairs.</summary>
    public void Tell(int anchor, ReadOnlySpan<int> others)
    {
        Span<int> pairs = PlaceOf(anchor);
        for (int i = 0; i < others.Length; i++)
        {
            pairs[2 * i] = anchor;
            pairs[(2 * i) + 1] = others[i];
        }
    }

    /// <summary>Hands the tuples to the answer.</summary>
    public Tensor Release()
    {
        Tensor places = _places!;
        _places = null;
        return places;
    }

    public void Dispose()
    {
        _places?.Dispose();
        _starts.Dispose();
    }
}
