using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>The triplets that the anchors of a batch form: counted by a first pass, taken down by a second, each anchor
/// at its own place.</summary>
internal sealed class TupleTable : IDisposable
{
    private const int Width = 3;

    private readonly Tensor _starts;
    private Tensor? _places;

    public TupleTable(int anchors, TensorPool pool)
    {
        _starts = Tensor.Rent(pool, new Shape(anchors + 1), Element.Label);
        _starts.Label.Clear();
    }

    /// <summary>Notes how many triplets an anchor forms.</summary>
    public void Count(int anchor, int tuples) => _starts.Label[anchor + 1] = tuples;

    /// <summary>Gives every anchor its place, once all are counted.</summary>
    public void Lay(TensorPool pool)
    {
        Span<int> starts = _starts.Label;
        for (int anchor = 1; anchor < starts.Length; anchor++)
        {
            starts[anchor] += starts[anchor - 1];
        }

        _places = Tensor.Rent(pool, new Shape(starts[^1], Width), Element.Label);
    }

    /// <summary>Where an anchor takes its triplets down.</summary>
    public Span<int> PlaceOf(int anchor)
    {
        ReadOnlySpan<int> starts = _starts.Label;
        return _places is null ? default
            : _places.Label.Slice(Width * starts[anchor], Width * (starts[anchor + 1] - starts[anchor]));
    }

    /// <summary>Hands the triplets to the answer.</summary>
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
