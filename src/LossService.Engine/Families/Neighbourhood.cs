using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How far the samples of a batch are apart.</summary>
/// <param name="Distance">The distance between two vectors.</param>
/// <param name="Normalizes">Whether each vector is scaled to length 1 first.</param>
internal readonly record struct BatchMetric(Distance Distance, bool Normalizes)
{
    /// <summary>The parameter that scales vectors, with the default that its loss is known by.</summary>
    public static Parameter NormalizeOf(bool @default) => Parameter.Flag(
        "normalize_embeddings", @default, "Scales each row to length 1 first.");

    /// <summary>The metric that a request chose by name.</summary>
    public static BatchMetric Of(Settings settings, Parameter normalize) => new(
        new((DistanceKind)(int)settings[Distance.Choice], settings[Distance.P], Eps: 0), settings.IsOn(normalize));

    /// <summary>Products of vectors: the distance of two is minus their product.</summary>
    public static BatchMetric Products(Settings settings, Parameter normalize) =>
        new(new(DistanceKind.Dot, 2, 0), settings.IsOn(normalize));
}

/// <summary>What a mean divides by, in the order of the words of <c>reducer</c>.</summary>
internal enum Reducer
{
    /// <summary>The anchors, one an item.</summary>
    Anchors,

    /// <summary>The pairs or triplets that were formed.</summary>
    Tuples,

    /// <summary>Those of them that cost something.</summary>
    Nonzero,
}

/// <summary>Which pairs or triplets count, in the order of the words of <c>miner</c>.</summary>
internal enum Miner
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>The negative is nearer than the positive.</summary>
    Hard,

    /// <summary>The negative is farther than the positive, but not by the miner's margin.</summary>
    Semihard,

    /// <summary>The negative is farther than the positive by more than the miner's margin.</summary>
    Easy,
}

/// <summary>Members that the losses of mined pairs and triplets share.</summary>
internal static class Mined
{
    /// <summary>The labels of such a card.</summary>
    public static Input Labels { get; } = new(
        "labels", "Classes: any integers; equal ones attract, others repel.",
        [new("N", InputKind.Label) { Domain = Domain.Identity }]);

    /// <summary>The vectors of such a card.</summary>
    public static Input Embeddings { get; } = new("embeddings", "N E", "Vectors, one a row.")
    {
        Gradient = GradientRule.Default,
    };

    /// <summary>Asks for the triplets themselves.</summary>
    public static Parameter ReturnTuples { get; } = Parameter.Flag(
        "return_tuples", false, "Returns the triplets that were formed, so that mining can be audited.");

    /// <summary>The triplets, where <see cref="ReturnTuples"/> asks for them.</summary>
    public static Output Tuples { get; } = new(
        "tuples", "T 3", InputKind.Label, "The places of anchor, positive and negative of each triplet, for return_tuples.");

    /// <summary>What all of them say about their edges.</summary>
    public static IReadOnlyList<string> Edges { get; } =
    [
        "An item is the sum over what its anchor forms; reducer says what a mean divides by.",
        "A masked sample leaves the batch: it is nobody's positive or negative either.",
        "Coincident vectors, and a vector of zeros under normalize_embeddings, have gradient 0.",
    ];

    /// <summary>What an anchor without negatives does.</summary>
    public static Parameter WithoutNegatives { get; } = Parameter.Choice(
        "without_negatives", ["skip", "compare"],
        "What an anchor without negatives does: costs nothing, or compares its positives as TensorFlow Addons does.");

    /// <summary>The parameter that chooses the divisor.</summary>
    public static Parameter ReducerOf(string @default) => Parameter.Choice(
        "reducer", ["anchors", "tuples", "nonzero"],
        "What a mean divides by: the anchors, the pairs or triplets formed, or those of them that cost something.",
        @default);
}

/// <summary>One anchor and the samples around it, in doubles: how far they are, and where slopes on that go.</summary>
internal readonly ref struct Neighbours
{
    /// <summary>The anchor's place in the batch.</summary>
    public required int Anchor { get; init; }

    /// <summary>How far each sample of the anchor's class is, but for the anchor itself.</summary>
    public required ReadOnlySpan<double> Positives { get; init; }

    /// <summary>How far each sample of another class is.</summary>
    public required ReadOnlySpan<double> Negatives { get; init; }

    /// <summary>The places of the positives.</summary>
    public required ReadOnlySpan<int> PositivePlaces { get; init; }

    /// <summary>The places of the negatives.</summary>
    public required ReadOnlySpan<int> NegativePlaces { get; init; }

    /// <summary>∂item/∂distance of the positives: zeros, to be added to.</summary>
    public required Span<double> OnPositives { get; init; }

    /// <summary>∂item/∂distance of the negatives: zeros, to be added to.</summary>
    public required Span<double> OnNegatives { get; init; }

    /// <summary>Room for five numbers a sample.</summary>
    public required Span<double> Room { get; init; }

    /// <summary>Room for a place a sample.</summary>
    public required Span<int> Order { get; init; }

    /// <summary>The triplets or pairs that the anchor formed, three places each, where they are wanted.</summary>
    public Span<int> Tuples { get; init; }

    /// <summary>Takes down a triplet.</summary>
    public void Tell(ref int told, int second, int third)
    {
        if (!Tuples.IsEmpty)
        {
            Tuples[3 * told] = Anchor;
            Tuples[(3 * told) + 1] = second;
            Tuples[(3 * told) + 2] = third;
        }

        told++;
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

/// <summary>A loss of an anchor and the distances of the samples around it. The card's first input holds the vectors,
/// the second their labels.</summary>
internal interface IMinedLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IMinedLoss<TSelf>
{
    /// <summary>How far samples are apart.</summary>
    BatchMetric Metric { get; }

    /// <summary>What a mean divides by.</summary>
    Reducer Reducer { get; }

    /// <summary>An anchor's item, with its slopes.</summary>
    AnchorAnswer Anchor(in Neighbours row);
}
