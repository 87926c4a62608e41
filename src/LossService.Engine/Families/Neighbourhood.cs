using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How far the samples of a batch are apart.</summary>
/// <param name="Distance">The distance between two vectors.</param>
/// <param name="Normalizes">Whether each vector is scaled to length 1 first.</param>
internal readonly record struct BatchMetric(Distance Distance, bool Normalizes)
{
    /// <summary>True where a distance is minus a similarity.</summary>
    public bool IsSimilarity { get; private init; }

    /// <summary>True where vectors are measured at length 1.</summary>
    public bool TakesDirections => Normalizes || Distance.Kind == DistanceKind.Cosine;

    /// <summary>The parameter that scales vectors, with the default that its loss is known by.</summary>
    public static Parameter NormalizeOf(bool @default) => Parameter.Flag(
        "normalize_embeddings", @default, "Scales each row to length 1 first.");

    /// <summary>The metric that a request chose by name.</summary>
    public static BatchMetric Of(Settings settings, Parameter normalize) =>
        new(Distance.Of(settings, Distance.Choice), settings.IsOn(normalize));

    /// <summary>Products of vectors: the distance of two is minus their product.</summary>
    public static BatchMetric Products(Settings settings, Parameter normalize) =>
        new(new(DistanceKind.Dot, 2, 0), settings.IsOn(normalize)) { IsSimilarity = true };

    /// <summary>Products unless a request chose a distance.</summary>
    public static BatchMetric OfSimilarities(Settings settings, Parameter normalize)
    {
        Distance distance = Distance.Of(settings, Distance.OfSimilarities);
        return new(distance, settings.IsOn(normalize)) { IsSimilarity = distance.Kind == DistanceKind.Dot };
    }
}

/// <summary>One anchor and the samples around it, in doubles: how far they are, and where slopes on that go.</summary>
internal readonly ref struct Neighbours
{
    /// <summary>The anchor's place in the batch.</summary>
    public required int Anchor { get; init; }

    /// <summary>The number of the anchor's class, where the loss has one and the request gives it; else NaN.</summary>
    public double OfClass { get; init; }

    /// <summary>The numbers of all samples' surroundings, for a loss whose pairs look at both ends.</summary>
    public ReadOnlySpan<double> Surroundings { get; init; }

    /// <summary>How far each positive is.</summary>
    public required ReadOnlySpan<double> Positives { get; init; }

    /// <summary>How far each negative is.</summary>
    public required ReadOnlySpan<double> Negatives { get; init; }

    /// <summary>The places of the positives.</summary>
    public required ReadOnlySpan<int> PositivePlaces { get; init; }

    /// <summary>The places of the negatives.</summary>
    public required ReadOnlySpan<int> NegativePlaces { get; init; }

    /// <summary>In how many triplets each positive stands, for a loss that counts them.</summary>
    public ReadOnlySpan<double> PositiveTimes { get; init; }

    /// <summary>In how many triplets each negative stands, for a loss that counts them.</summary>
    public ReadOnlySpan<double> NegativeTimes { get; init; }

    /// <summary>True when only <see cref="Triplets"/> count, not every positive with every negative.</summary>
    public bool AreListed { get; init; }

    /// <summary>Triplets by the indices of their positives and negatives, two by two; a sample may stand in
    /// several.</summary>
    public ReadOnlySpan<int> Triplets { get; init; }

    /// <summary>The gaps of the triplets that count, where they are not listed.</summary>
    public required Gaps Gaps { get; init; }

    /// <summary>∂item/∂distance of the positives: zeros, to be added to.</summary>
    public required Span<double> OnPositives { get; init; }

    /// <summary>∂item/∂distance of the negatives: zeros, to be added to.</summary>
    public required Span<double> OnNegatives { get; init; }

    /// <summary>Room for five numbers a neighbour.</summary>
    public required Span<double> Room { get; init; }

    /// <summary>Room for a place a neighbour.</summary>
    public required Span<int> Order { get; init; }

    /// <summary>The triplets that the anchor formed, three places each, where they are wanted.</summary>
    public Span<int> Tuples { get; init; }

    /// <summary>Takes down the triplets of a positive and some negatives, or only counts them.</summary>
    public void Tell(ref int told, int positive, params ReadOnlySpan<int> negatives)
    {
        for (int i = 0; i < negatives.Length && !Tuples.IsEmpty; i++)
        {
            Span<int> triplet = Tuples.Slice(3 * (told + i), 3);
            triplet[0] = Anchor;
            triplet[1] = PositivePlaces[positive];
            triplet[2] = NegativePlaces[negatives[i]];
        }

        told += negatives.Length;
    }

    /// <summary>Sorts numbers, the smallest first, equal ones as they stand.</summary>
    /// <returns>The place of each sorted number among <paramref name="numbers"/>.</returns>
    public ReadOnlySpan<int> Sort(ReadOnlySpan<double> numbers, Span<double> sorted)
    {
        Span<int> order = Order[..numbers.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        numbers.CopyTo(sorted);
        sorted.Sort(order);
        for (int start = 0; start < sorted.Length;)
        {
            int end = start + 1;
            while (end < sorted.Length && sorted[end] == sorted[start])
            {
                end++;
            }

            order[start..end].Sort();
            start = end;
        }

        return order;
    }
}

/// <summary>What an anchor answers.</summary>
/// <param name="Loss">Its item.</param>
/// <param name="Tuples">How many pairs or triplets it formed.</param>
/// <param name="Nonzero">How many of them cost something.</param>
/// <param name="Told">How many it takes down when asked for them.</param>
internal readonly record struct AnchorAnswer(double Loss, long Tuples, long Nonzero, int Told = 0)
{
    /// <summary>∂item/∂number of the anchor's class.</summary>
    public double OnClass { get; init; }

    /// <summary>How many of them sit on a corner, where the member tie chose the slope.</summary>
    public long Ties { get; init; }

    /// <summary>max(0, v), with the slope that the request chose at 0.</summary>
    public static double Hinge(double v, double tie, out double slope)
    {
        slope = v > 0 ? 1 : v == 0 ? tie : double.IsNaN(v) ? v : 0;
        return v > 0 || double.IsNaN(v) ? v : 0;
    }

    /// <summary>log(e^first + Σ e^(scale · number)), and leaves each number's share in the sum.</summary>
    public static double LogSum(double first, double scale, ReadOnlySpan<double> numbers, Span<double> shares)
    {
        double top = first;
        for (int i = 0; i < numbers.Length; i++)
        {
            shares[i] = scale * numbers[i];
            top = shares[i] <= top ? top : shares[i];
        }

        double own = double.IsNegativeInfinity(first) ? 0 : ScalarLane.Exp(first - top).Value;
        double rest = 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            shares[i] = ScalarLane.Exp(shares[i] - top).Value;
            rest += shares[i];
        }

        double total = own + rest;
        for (int i = 0; i < numbers.Length; i++)
        {
            shares[i] /= total;
        }

        return own == 1 && top == 0 ? ScalarLane.Log1p(rest).Value : top + ScalarLane.Log(total).Value;
    }
}

/// <summary>A loss of an anchor and the distances of the samples around it. The card's first input holds the vectors;
/// the others, from <see cref="Mined"/>, say who is whose positive and negative.</summary>
internal interface IMinedLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IMinedLoss<TSelf>
{
    /// <summary>How far samples are apart.</summary>
    BatchMetric Metric { get; }

    /// <summary>How costs become items and a mean.</summary>
    Reducer Reducer { get; }

    /// <summary>True when an anchor costs as a whole, so that bounds on costs judge the item.</summary>
    bool CostsByAnchor => false;

    /// <summary>True when a pair's cost depends on what surrounds both of its ends.</summary>
    bool MeetsPeers => false;

    /// <summary>Which pairs or triplets count.</summary>
    Mining Mining => default;

    /// <summary>The input with a number per class; null for none.</summary>
    static virtual string? OfClasses => null;

    /// <summary>True when a pair costs as often as it stands in a triplet.</summary>
    bool CountsTriplets => false;

    /// <summary>True when the loss is a sum over triplets, which it tells one by one; otherwise an anchor's pairs are
    /// what it formed.</summary>
    static virtual bool FormsTriplets => false;

    /// <summary>An anchor's item, with its slopes.</summary>
    AnchorAnswer Anchor(in Neighbours row);

    /// <summary>A number for what surrounds an anchor, where pairs look at both ends.</summary>
    double Surroundings(in Neighbours row) => 0;

    /// <summary>How much of a pair's slope on its distance is one on the number of one end, given those of
    /// both.</summary>
    double ShareOf(double own, double other) => 0;

    /// <summary>Takes a slope on the number of an anchor's surroundings back to its distances.</summary>
    void Spread(in Neighbours row, double slope)
    {
    }
}
