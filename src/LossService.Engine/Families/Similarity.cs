using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How alike the vectors of a batch are: products of rows, scaled to length 1 or as they are, or minus a
/// distance; over a temperature.</summary>
/// <param name="Metric">The product or the distance.</param>
/// <param name="Temperature">What that is divided by.</param>
internal readonly record struct Similarity(BatchMetric Metric, double Temperature)
{
    /// <summary>Whether each row is scaled to length 1 first.</summary>
    public static Parameter NormalizeEmbeddings { get; } = Parameter.Flag(
        "normalize_embeddings", true, "Scales each row to length 1 first, so that products are cosines.");

    /// <summary>What the members of this family say about their edges.</summary>
    public static IReadOnlyList<string> Edges { get; } =
    [
        "A masked sample leaves the batch: it is nobody's positive or negative either.",
        "A row of zeros has product 0 with everything and gradient 0 under normalize_embeddings.",
        EdgeOfDistance,
    ];

    /// <summary>What a distance means to such a loss.</summary>
    public static string EdgeOfDistance =>
        "Of a distance the similarity is minus it, as pytorch-metric-learning takes LpDistance, then over the temperature; of cosine the 1 cancels. At distance 0 it has gradient 0. Distances are measured in float64 for float32 too.";

    /// <summary>A temperature with the default that its loss is known by.</summary>
    public static Parameter TemperatureOf(double @default) => Parameter.Number(
        "temperature", @default, "What similarities are divided by.", min: 0, minOpen: true);

    /// <summary>The parameters of a loss of two sides.</summary>
    public static IReadOnlyList<Parameter> Parameters(Parameter temperature, Parameter normalize) =>
        [temperature, Distance.OfSimilarities, Distance.P, normalize];

    /// <summary>The similarity that a request chose.</summary>
    public static Similarity Of(Settings settings, Parameter temperature, Parameter normalize) =>
        new(BatchMetric.OfSimilarities(settings, normalize), settings[temperature]);
}

/// <summary>Who an anchor's positives are.</summary>
internal enum Positives
{
    /// <summary>The candidate at its own place among the other side's vectors.</summary>
    SamePlace,

    /// <summary>Those whom labels or listed pairs relate to it; the sample itself is no candidate.</summary>
    Related,
}

/// <summary>One anchor's row: similarities come in, before the temperature; slopes on them go out.</summary>
internal readonly ref struct AnchorRow<T> where T : unmanaged
{
    /// <summary>A similarity a candidate; minus infinity for who is none.</summary>
    public required Span<T> Scores { get; init; }

    /// <summary>The places of the anchor's positives; at least one.</summary>
    public required ReadOnlySpan<int> Positives { get; init; }

    /// <summary>What the slopes are multiplied with.</summary>
    public required double Coefficient { get; init; }

    /// <summary>Room for a number a candidate.</summary>
    public required Span<T> Exponentials { get; init; }

    /// <summary>Room for two numbers a positive.</summary>
    public required Span<double> Room { get; init; }
}

/// <summary>A loss of the similarities within a batch. Its card's first input holds the anchors; with
/// <see cref="Positives.Related"/> they are the candidates too and the others, from <see cref="Mined"/>, say who is
/// whose positive; else the second input holds the candidates.</summary>
internal interface ISimilarityLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, ISimilarityLoss<TSelf>
{
    static abstract Positives Positives { get; }

    /// <summary>True when the two sides change places for a second pass, and the item is the mean of both.</summary>
    static abstract bool IsMutual { get; }

    /// <summary>True when float32 requests are computed in doubles: products that no length bounds make exponents that
    /// floats cannot carry.</summary>
    static virtual bool NeedsDoubles => false;

    /// <summary>True when an anchor costs as a whole, so that a reducer counts and judges anchors that have a positive;
    /// otherwise it does positive pairs.</summary>
    static virtual bool CostsByAnchor => false;

    Similarity Similarity { get; }

    /// <summary>How costs become items and a mean.</summary>
    Reducer Reducer => Reducer.OfAnchors;

    /// <summary>Which pairs count, of a loss of those that a relation makes.</summary>
    Mining Mining => default;

    /// <summary>An anchor's item; replaces its scores by slopes times the row's coefficient.</summary>
    AnchorAnswer Row<T, V>(in AnchorRow<T> row)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T>;
}
