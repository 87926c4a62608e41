using LossService.Engine.Cards;

namespace LossService.Engine.Losses.Classification;

/// <summary>What losses of one class out of many take beside their scores.</summary>
internal static class ClassInputs
{
    public static Parameter LabelSmoothing { get; } = Parameter.Number(
        "label_smoothing", 0, "Moves targets towards the uniform distribution: (1 - s) t + s / C.", min: 0, max: 1);

    public static Parameter IgnoreIndex { get; } = Parameter.Integer(
        "ignore_index", -100, "Rows with this label cost 0, have gradient 0 and leave the mean.");

    /// <summary>The slope at the corner of a margin where PyTorch itself takes 0.</summary>
    public static double TieOf(Settings settings) => settings.Word(Common.Tie) == "half" ? 0.5 : 0;

    /// <summary>Labels: one index a row, below the number of classes.</summary>
    public static InputForm LabelsOf(string axes) => new(axes, InputKind.Label) { Classes = "C", TargetType = "index" };

    /// <summary>A row's class indices, as many as there are; -1 fills the rest.</summary>
    public static InputForm PaddedLabels(string axes) => new(axes, InputKind.Label)
    {
        Classes = "C",
        Domain = Domain.Real with { Min = -1 },
    };

    /// <summary>Scores, labels or probabilities, class weights.</summary>
    public static IReadOnlyList<Input> Of(Input scores) =>
    [
        scores,
        new("targets",
            "Class indices, one axis fewer than the scores, or a probability per class in the shape of the scores.",
            [LabelsOf("N *D"), Probabilities("N C *D"), LabelsOf(""), Probabilities("C")])
        {
            Gradient = GradientRule.OnRequest,
        },
        Weight,
    ];

    /// <summary>Logits, labels and nothing else, class weights.</summary>
    public static IReadOnlyList<Input> Labelled { get; } =
    [
        new("logits", "N C *D | C", "Scores z before the softmax; classes on the second axis, or alone.")
        {
            Gradient = GradientRule.Default,
        },
        new("targets", "Class indices, one axis fewer than the logits.", [LabelsOf("N *D"), LabelsOf("")]),
        ClassWeight(),
    ];

    /// <summary>A weight per class.</summary>
    public static Input Weight { get; } = ClassWeight();

    private static InputForm Probabilities(string axes) =>
        new(axes) { Domain = Domain.Probability, TargetType = "probability" };

    // A method, since statics are initialised in the order of the text.
    private static Input ClassWeight() => new(Common.WeightName, "C", "A weight per class.")
    {
        Optional = true,
        Domain = Domain.NonNegative,
    };
}
