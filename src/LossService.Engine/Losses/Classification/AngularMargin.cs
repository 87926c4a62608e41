using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Classification;

/// <summary>What losses share that sharpen a softmax over cosines by a margin.</summary>
internal static class AngularMargin
{
    /// <summary>The input of vectors that may stand for cosines, together with <c>class_centers</c>.</summary>
    public const string EmbeddingsName = "embeddings";

    private const string Set = "cosines";

    /// <summary>The cosines, or the vectors that they are between, and the labels.</summary>
    public static IReadOnlyList<Input> Inputs { get; } =
    [
        new("cosines", "N C | C", "Cosines of an embedding with every class's direction; classes on the second axis, or alone.")
        {
            OneOf = Set,
            Gradient = GradientRule.Default,
            Domain = new(-1, 1),
        },
        new(EmbeddingsName, "N E | E", "Vectors whose cosines with class_centers are taken; of any length.")
        {
            OneOf = Set,
            Gradient = GradientRule.Default,
        },
        new(
            "class_centers", "A vector per class, the weights of the last layer; of any length.",
            [new("C E") { Introduces = "C" }])
        {
            Beside = EmbeddingsName,
            Gradient = GradientRule.Default,
        },
        new("targets", "Class indices.", [ClassInputs.LabelsOf("N"), ClassInputs.LabelsOf("")]),
    ];

    /// <summary>What they say about both ways.</summary>
    public static IReadOnlyList<string> Edges { get; } =
    [
        "Of cosines the gradient is theirs; of embeddings and class_centers it goes through the cosines and lengths to both.",
        "A vector of zeros has cosine 0 to everything and gradient 0.",
    ];

    /// <summary>What multiplies the cosines.</summary>
    public static Parameter Scale { get; } = Parameter.Number(
        "scale", 64, "What cosines are multiplied with: one over a temperature.", min: 0, minOpen: true);

    /// <summary>The cross-entropy of the scaled cosines with the label's own replaced.</summary>
    /// <param name="row">The row; its slopes are set.</param>
    /// <param name="scale">Multiplies all.</param>
    /// <param name="own">The label's cosine with its margin.</param>
    /// <param name="slope">The slope of that on the cosine itself.</param>
    public static double CrossEntropy(in ScoreRow row, double scale, double own, double slope)
    {
        Span<double> cosines = row.MoreRoom[..row.Scores.Length];
        row.Scores.CopyTo(cosines);
        cosines[row.Label] = own;
        var p = new RowOfProbabilities(cosines, row.Room, scale);
        if (!p.Exists)
        {
            return row.Undefined();
        }

        for (int c = 0; c < cosines.Length; c++)
        {
            row.Slopes[c] = scale * p[c];
        }

        row.Slopes[row.Label] = -scale * p.MissOf(row.Label) * slope;
        return p.SurprisalOf(row.Label);
    }
}
