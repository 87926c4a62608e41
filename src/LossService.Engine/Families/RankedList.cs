using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What counts of one list, in doubles, with room for its derivatives and for what a kernel needs on the
/// way.</summary>
/// <remarks>Every span is readable and writable one vector beyond its end, so that a tail may be computed as a whole
/// vector.</remarks>
internal readonly ref struct RankedList
{
    private const int FirstRoom = 6;

    private readonly Scratch _scratch;
    private readonly Span<int> _places;

    /// <summary>Reads the elements of a list that its mask does not hide.</summary>
    public RankedList(Workshop workshop, Scratch scratch, int elements, bool wantsCurvature)
    {
        Workshop = workshop;
        _scratch = scratch;
        WantsCurvature = wantsCurvature;
        Scores = scratch.Take<double>(0, elements);
        Relevance = scratch.Take<double>(1, elements);
        Slopes = scratch.Take<double>(2, elements);
        Curvatures = scratch.Take<double>(3, elements);
        _places = scratch.Take<int>(4, elements);
    }

    private RankedList(RankedList whole, int length)
    {
        this = whole;
        Length = length;
    }

    /// <summary>To be polled while a list is computed: it may be all of a block.</summary>
    public Workshop Workshop { get; }

    /// <summary>How many elements count.</summary>
    public int Length { get; }

    /// <summary>True when the request asks for the Hessian.</summary>
    public bool WantsCurvature { get; }

    /// <summary>The scores.</summary>
    public Span<double> Scores { get; }

    /// <summary>How relevant each element is.</summary>
    public Span<double> Relevance { get; }

    /// <summary>The loss's first derivatives by the scores.</summary>
    public Span<double> Slopes { get; }

    /// <summary>Its second derivatives.</summary>
    public Span<double> Curvatures { get; }

    /// <summary>The list with the elements of a request from <paramref name="start"/> on, but for those hidden.</summary>
    public RankedList Read<T>(Tensor scores, Tensor relevance, Tensor? mask, int start, int elements)
        where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<T> s = scores.Values<T>().Slice(start, elements);
        ReadOnlySpan<T> y = relevance.Values<T>().Slice(start, elements);
        int length = 0;
        for (int i = 0; i < elements; i++)
        {
            if (mask is null || mask.Flag[start + i] != 0)
            {
                Scores[length] = double.CreateTruncating(s[i]);
                Relevance[length] = double.CreateTruncating(y[i]);
                _places[length++] = start + i;
            }
        }

        Scores.Slice(length, DoubleLane.Count).Fill(double.NegativeInfinity);
        Relevance.Slice(length, DoubleLane.Count).Clear();
        Slopes[..(length + DoubleLane.Count)].Clear();
        Curvatures[..(length + DoubleLane.Count)].Clear();
        return new(this, length);
    }

    /// <summary>Puts the most relevant elements first; equally relevant ones as they stand, or shuffled.</summary>
    public void SortByRelevance(ulong? seed)
    {
        Span<Place> order = Sorted(Relevance, seed);
        Span<double> scores = Room<double>(1);
        Span<double> relevance = Room<double>(2);
        Span<int> places = Room<int>(3);
        for (int i = 0; i < Length; i++)
        {
            int from = order[i].Index;
            scores[i] = Scores[from];
            relevance[i] = Relevance[from];
            places[i] = _places[from];
        }

        scores[..Length].CopyTo(Scores);
        relevance[..Length].CopyTo(Relevance);
        places[..Length].CopyTo(_places);
    }

    /// <summary>Each element's rank by its score, the highest being 1; of equal ones the earlier stands
    /// first.</summary>
    public void RankByScore(Span<int> ranks)
    {
        Span<int> places = _places;
        Span<Place> order = Room<Place>(0);
        for (int i = 0; i < Length; i++)
        {
            order[i] = new(Scores[i], (ulong)places[i], i);
        }

        order[..Length].Sort();
        for (int i = 0; i < Length; i++)
        {
            ranks[order[i].Index] = i + 1;
        }
    }

    /// <summary>True when every score is finite.</summary>
    public bool IsFinite => Scan.AreWithin<double>(Scores[..Length], double.MinValue, double.MaxValue);

    /// <summary>The answer to a list that has none.</summary>
    public ListAnswer Undefined()
    {
        Slopes[..Length].Fill(double.NaN);
        Curvatures[..Length].Fill(double.NaN);
        return new(double.NaN);
    }

    /// <summary>Pairs of different relevance in a list that is sorted by it.</summary>
    public double Pairs()
    {
        double pairs = Length * (Length - 1.0) / 2;
        for (int i = 0, first = 0; i < Length; i++)
        {
            first = Relevance[i] == Relevance[first] ? first : i;
            pairs -= i - first; // the equals that stand before it
        }

        return pairs;
    }

    /// <summary>Room for as many numbers as the list has; holds whatever it held.</summary>
    public Span<T> Room<T>(int room) where T : unmanaged => _scratch.Take<T>(FirstRoom + room, Length);

    /// <summary>Room for a number of numbers of the kernel's choosing; holds whatever it held.</summary>
    public Span<T> Room<T>(int room, int length) where T : unmanaged => _scratch.Take<T>(FirstRoom + room, length);

    /// <summary>Writes what an element owes to its place in the request.</summary>
    public void Write<T>(ReadOnlySpan<double> derivatives, double factor, Span<T> to)
        where T : unmanaged, INumberBase<T>
    {
        for (int i = 0; i < Length; i++)
        {
            to[_places[i]] = T.CreateTruncating(derivatives[i] * factor);
        }
    }

    private Span<Place> Sorted(ReadOnlySpan<double> keys, ulong? seed)
    {
        Span<Place> order = Room<Place>(0);
        for (int i = 0; i < Length; i++)
        {
            order[i] = new(keys[i], seed is { } start ? Shuffled(start, (ulong)i) : (ulong)i, i);
        }

        LongSort.Run(order[..Length], Room<Place>(1, LongSort.RoomFor(Length)), Workshop);
        return order;
    }

    // SplitMix64 (Steele, Lea and Flood, 2014): a number for each place that depends on nothing else, so that a list
    // has the same order alone and in a batch.
    private static ulong Shuffled(ulong seed, ulong place)
    {
        ulong z = seed + ((place + 1) * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>An element to be sorted: descending by key (NaN last), then ascending by tie; no two are
    /// equal.</summary>
    private readonly record struct Place(double Key, ulong Tie, int Index) : IComparable<Place>
    {
        public int CompareTo(Place other)
        {
            int byKey = other.Key.CompareTo(Key);
            int byTie = byKey == 0 ? Tie.CompareTo(other.Tie) : byKey;
            return byTie == 0 ? Index.CompareTo(other.Index) : byTie;
        }
    }
}
