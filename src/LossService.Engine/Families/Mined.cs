using System.Globalization;
using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>Members that the losses of mined pairs and triplets share.</summary>
internal static class Mined
{
    /// <summary>The input of labels.</summary>
    public const string LabelsName = "labels";

    /// <summary>The input of listed positives.</summary>
    public const string PositivePairsName = "positive_pairs";

    /// <summary>The input of listed negatives.</summary>
    public const string NegativePairsName = "negative_pairs";

    /// <summary>The input of listed triplets.</summary>
    public const string TripletsName = "triplets";

    private const string Set = LabelsName;

    /// <summary>The vectors of such a card.</summary>
    public static Input Embeddings { get; } = new("embeddings", "N E", "Vectors, one a row.")
    {
        Gradient = GradientRule.Default,
    };

    /// <summary>Who is whose positive, by labels: the first way.</summary>
    public static Input Labels { get; } = LabelsOf(classes: null);

    /// <summary>Who is whose positive, pair by pair: the second way.</summary>
    public static Input PositivePairs { get; } = new(
        PositivePairsName, "Places of an anchor and a positive, a row each; a pair listed twice counts once.",
        [Places("P 2", "P")])
    { OneOf = Set };

    /// <summary>The negatives that go with <see cref="PositivePairs"/>.</summary>
    public static Input NegativePairs { get; } = new(
        NegativePairsName, "Places of an anchor and a negative, a row each; [] for none.", [Places("Q 2", "Q")])
    { Beside = PositivePairsName };

    /// <summary>Who is whose positive and negative, triplet by triplet: the third way.</summary>
    public static Input Triplets { get; } = new(
        TripletsName, "Places of anchor, positive and negative, a row each; a row listed twice counts twice.",
        [Places("T 3", "T") with { With = Mining.OfTriplets }])
    { OneOf = Set };

    /// <summary>The same for a loss that looks at an anchor's pairs.</summary>
    public static Input PairsOfTriplets { get; } = new(
        TripletsName,
        "Places of anchor, positive and negative, a row each: their pairs, (anchor, positive) and (anchor, negative), each once.",
        [Places("T 3", "T")])
    { OneOf = Set };

    /// <summary>What a loss takes that chooses among an anchor's pairs itself.</summary>
    public static IReadOnlyList<Input> Inputs { get; } = [Embeddings, Labels, PositivePairs, NegativePairs];

    /// <summary>What a loss takes that looks at an anchor's pairs.</summary>
    public static IReadOnlyList<Input> InputsOfPairs { get; } = [.. Inputs, PairsOfTriplets];

    /// <summary>What a loss takes that is a sum over triplets.</summary>
    public static IReadOnlyList<Input> InputsOrTriplets { get; } = [.. Inputs, Triplets];

    /// <summary>The same and an input with a number per class, whose axis K is that of the labels' classes.</summary>
    public static IReadOnlyList<Input> InputsWith(Input ofClasses) =>
        [Embeddings, LabelsOf("K"), PositivePairs, NegativePairs, Triplets, ofClasses];

    /// <summary>Asks for the tuples themselves.</summary>
    public static Parameter ReturnTuples { get; } = Parameter.Flag(
        "return_tuples", false, "Returns the pairs or triplets that were formed, so that mining can be audited.");

    /// <summary>True where a request asks for them.</summary>
    public static bool WantsTuples(LossRequest request) => new Settings(request).IsOn(ReturnTuples);

    /// <summary>The triplets, where <see cref="ReturnTuples"/> asks for them.</summary>
    public static IReadOnlyList<Output> Tuples { get; } =
    [
        new("tuples", "T 3", InputKind.Place, "The places of anchor, positive and negative of each triplet, for return_tuples."),
    ];

    /// <summary>The pairs, where <see cref="ReturnTuples"/> asks for them, as the inputs of these names take
    /// them.</summary>
    public static IReadOnlyList<Output> Pairs { get; } =
    [
        new(PositivePairsName, "P 2", InputKind.Place, "The places of anchor and positive of each pair, for return_tuples."),
        new(NegativePairsName, "Q 2", InputKind.Place, "The places of anchor and negative of each pair, for return_tuples."),
    ];

    /// <summary>What all of them say about their edges.</summary>
    public static IReadOnlyList<string> Edges { get; } =
    [
        "An item is the sum over what its anchor forms; reducer says what a mean divides by, and avg_factor is any other divisor.",
        "A masked sample leaves the batch: it is nobody's positive or negative either.",
        "Coincident vectors, and a vector of zeros under normalize_embeddings, have gradient 0.",
    ];

    /// <summary>What an anchor without negatives does.</summary>
    public static Parameter WithoutNegatives { get; } = Parameter.Choice(
        "without_negatives", ["skip", "compare"],
        "What an anchor without negatives does: costs nothing, or compares its positives as TensorFlow Addons does.");

    /// <summary>The parameters of a loss of distances that mines, its own first.</summary>
    public static IReadOnlyList<Parameter> ByDistance(
        ReadOnlySpan<Parameter> own, Parameter normalize, Parameter reduce, Parameter? distance = null) =>
        [
            .. own, .. Mining.Parameters, distance ?? Distance.Choice, Distance.P, normalize, reduce, .. Reducer.Bounds,
            ReturnTuples,
        ];

    /// <summary>The parameters of a loss of products alone that mines, its own first.</summary>
    public static IReadOnlyList<Parameter> BySimilarity(
        ReadOnlySpan<Parameter> own, Parameter normalize, Parameter reduce) =>
        [.. own, .. Mining.Parameters, normalize, reduce, .. Reducer.Bounds, ReturnTuples];

    /// <summary>The parameters of a loss in which positives compete with negatives, its own first.</summary>
    public static IReadOnlyList<Parameter> ByContrast(ReadOnlySpan<Parameter> own, Parameter reduce) =>
        [
            .. own, Distance.OfSimilarities, Distance.P, Similarity.NormalizeEmbeddings, .. Mining.Parameters, reduce,
            .. Reducer.Bounds, ReturnTuples,
        ];

    /// <summary>The parameters of a loss of distances that is a miner itself, its own first.</summary>
    public static IReadOnlyList<Parameter> BySelfMining(
        ReadOnlySpan<Parameter> own, Parameter normalize, Parameter reduce) =>
        [
            .. own, Distance.Choice, Distance.P, normalize, reduce, .. Reducer.Bounds, WithoutNegatives, ReturnTuples,
        ];

    private static Input LabelsOf(string? classes) => new(
        LabelsName,
        string.Create(CultureInfo.InvariantCulture,
            $"Classes: any integers from {Numerics.Labels.Min} to {Numerics.Labels.Max}; equal ones attract, others repel."),
        [new("N", InputKind.Label) { Domain = Domain.Identity, Classes = classes }])
    { OneOf = Set };

    private static InputForm Places(string axes, string own) =>
        new(axes, InputKind.Place) { Classes = "N", Introduces = own };
}
