using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What a class without any true place is to the mean of classes, in the order of the words.</summary>
internal enum AbsentClasses
{
    Count,
    Zero,
    Skip,
}

/// <summary>How classes become one number, in the order of the words.</summary>
internal enum ClassReduction
{
    Mean,
    Sum,
    Joint,
}

/// <summary>The inputs and parameters that losses of regions share.</summary>
internal static class RegionMembers
{
    /// <summary>The shape of the items: one region, the whole batch.</summary>
    public const string Items = "";

    public static Parameter Mode { get; } = Parameter.Choice(
        "mode", ["multiclass", "multilabel", "binary"],
        "multiclass: (N, C, ...), logits through a softmax; multilabel: through a sigmoid; binary: (N, ...) without an axis of classes. Null takes binary for (N), else multiclass.",
        nullable: true);

    public static Parameter Aggregate { get; } = Parameter.Choice(
        "aggregate", ["batch", "sample"], "Whether a region is the whole batch or each sample, which is then an item.");

    public static Parameter IgnoreIndex { get; } = Parameter.Integer(
        "ignore_index", -100, "Places with this label are in no sum and have gradient 0.");

    public static Parameter ClassReduction { get; } = Parameter.Choice(
        "class_reduction", ["mean", "sum", "joint"],
        "Whether the classes' losses are averaged or summed, or their sums are joined before the ratio.");

    public static Parameter AbsentClasses { get; } = Absent("count");

    public static Parameter SkippedAbsentClasses { get; } = Absent("skip");

    public static Parameter LogLoss { get; } = Parameter.Flag(
        "log_loss", false, "Takes -log of the overlap, which stays above eps, instead of 1 minus it.");

    /// <summary>One region a sample.</summary>
    public static ItemsWith PerSample { get; } = new(Aggregate, "sample", "N");

    /// <summary>Exactly one of logits and probabilities, the targets, the classes' weights.</summary>
    public static IReadOnlyList<Input> Inputs { get; } =
    [
        Predictions("logits", "Scores before the softmax or sigmoid; classes on the second axis.", Domain.Any, binary: true),
        Predictions("probabilities", "Probabilities p; classes on the second axis.", Domain.Probability, binary: true),
        new("targets",
            "Class indices, without the axis of classes, or truths t in [0, 1] in the shape of the predictions.",
            [
                Labels,
                new("N C *D") { Domain = Domain.Probability, TargetType = "probability" },
                new("N *P") { Domain = Domain.Probability, TargetType = "probability" },
                new("N *P", InputKind.Label) { Domain = Domain.Binary, TargetType = "index" },
            ]) { Gradient = GradientRule.OnRequest },
        Weight,
    ];

    /// <summary>The same for losses that need one true class a place.</summary>
    public static IReadOnlyList<Input> HardInputs { get; } =
    [
        Predictions("logits", "Scores before the softmax; classes on the second axis.", Domain.Any, binary: false),
        Predictions("probabilities", "Probabilities p; classes on the second axis.", Domain.Probability, binary: false),
        new("targets", "Class indices, without the axis of classes.", [Labels]),
        Weight,
    ];

    /// <summary>What every loss of regions says about its edges.</summary>
    public static IReadOnlyList<string> Edges { get; } =
    [
        "The sums run over all places of a region: the batch, or with aggregate \"sample\" each sample. A region without places, all ignored or none given, leaves the mean.",
        "A mean of classes divides by their number, also with class weights; weight_normalization \"sum_weights\" divides by the weights.",
    ];

    /// <summary>What a class costs of which there is nothing, where the ratio is of sums.</summary>
    public const string AbsentEdge =
        "A class that is neither predicted nor true costs 1, with gradient 0, where smooth is 0, and 0 where it is not; segmentation_models.pytorch lets absent classes cost 0: absent_classes \"zero\".";

    /// <summary>Where the slopes of a Lovász loss come from.</summary>
    public const string GrowthEdge =
        "The Jaccard loss grows by ΔJ when the place of the k-th largest error is taken for wrong too; equal errors keep the order of their places, on which the gradient depends.";

    /// <summary>A request of logits and labels.</summary>
    public static Example Labelled { get; } = new(
        "labels", "Two images of two pixels, three classes, and the pixels' labels.",
        """{"logits":[[[2.0,0.5],[1.0,-1.0],[0.1,0.0]],[[0.0,1.0],[0.5,0.2],[2.5,-0.3]]],"targets":[[0,2],[2,0]]}""");

    /// <summary>The requests that losses of overlaps show.</summary>
    public static IReadOnlyList<Example> Examples { get; } =
    [
        Labelled,
        new("mask", "A soft mask of four pixels against the true one, image by image.",
            """{"probabilities":[[0.9,0.2,0.6,0.1]],"targets":[[1,0,1,0]],"mode":"binary","aggregate":"sample"}"""),
    ];

    private static InputForm Labels => new("N *D", InputKind.Label) { Classes = "C", TargetType = "index" };

    private static Input Weight => new(Common.WeightName, "C", "A weight per class.")
    {
        Optional = true,
        Domain = Domain.NonNegative,
    };

    private static Input Predictions(string name, string meaning, Domain domain, bool binary)
    {
        InputForm classes = new("N C *D") { Domain = domain, With = binary ? new(Mode, "multiclass", "multilabel") : null };
        InputForm alone = new("N *P") { Domain = domain, With = new(Mode, "binary") };
        return new(name, meaning, binary ? [classes, alone] : [classes])
        {
            OneOf = "predictions",
            Gradient = GradientRule.Default,
        };
    }

    private static Parameter Absent(string @default) => Parameter.Choice(
        "absent_classes", ["count", "zero", "skip"],
        "A class without a true place: count takes the formula, zero lets it cost 0 but stay in the mean, skip leaves it out of the mean.",
        @default);
}
