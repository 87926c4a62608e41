namespace LossService.Engine.Families;

/// <summary>The positives of an anchor, or its negatives, while a miner chooses among them.</summary>
internal ref struct AnchorSide
{
    private readonly Span<int> _places;
    private readonly Span<double> _distances;
    private readonly Span<double> _times;

    /// <summary>All samples of a side, with room for a number each.</summary>
    public AnchorSide(Span<int> places, Span<double> distances, Span<double> times)
    {
        _places = places;
        _distances = distances;
        _times = times;
        Count = places.Length;
    }

    /// <summary>How many are left.</summary>
    public int Count { get; private set; }

    /// <summary>Where they stand in the batch.</summary>
    public readonly ReadOnlySpan<int> Places => _places[..Count];

    /// <summary>How far they are.</summary>
    public readonly ReadOnlySpan<double> Distances => _distances[..Count];

    /// <summary>In how many triplets each stands, once that is told.</summary>
    public readonly Span<double> Times => _times[..Count];

    /// <summary>Keeps those strictly between two distances, and a NaN.</summary>
    public void KeepBetween(double above, double below)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (!(_distances[i] <= above) && !(_distances[i] >= below))
            {
                Move(i, kept++);
            }
        }

        Count = kept;
    }

    /// <summary>Keeps those within an interval, and a NaN.</summary>
    public void KeepWithin(Interval interval)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (!(_distances[i] < interval.Low) && !(_distances[i] > interval.High))
            {
                Move(i, kept++);
            }
        }

        Count = kept;
    }

    /// <summary>Keeps those that stand in some triplet.</summary>
    public void KeepCounted()
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (_times[i] > 0)
            {
                Move(i, kept++);
            }
        }

        Count = kept;
    }

    /// <summary>Keeps the one at an index, or nobody where that is below 0.</summary>
    public void KeepOne(int index)
    {
        Count = index < 0 ? 0 : 1;
        if (index >= 0)
        {
            Move(index, 0);
        }
    }

    /// <summary>The largest distance, or with a sign of -1 the smallest, times the sign; minus infinity of nobody, NaN
    /// where there is one.</summary>
    public readonly double Most(double sign)
    {
        double most = double.NegativeInfinity;
        foreach (double distance in Distances)
        {
            most = sign * distance <= most ? most : sign * distance;
        }

        return most;
    }

    /// <summary>The index of the first of the farthest, or with a sign of -1 of the nearest, strictly between two
    /// distances; -1 where there is nobody.</summary>
    public readonly int Farthest(
        double sign, double above = double.NegativeInfinity, double below = double.PositiveInfinity)
    {
        int found = -1;
        for (int i = 0; i < Count; i++)
        {
            bool counts = !(_distances[i] <= above) && !(_distances[i] >= below);
            if (counts && (found < 0 || sign * _distances[i] > sign * _distances[found]))
            {
                found = i;
            }
        }

        return found;
    }

    private readonly void Move(int from, int to)
    {
        _places[to] = _places[from];
        _distances[to] = _distances[from];
        _times[to] = _times[from];
    }
}
