using LossService.Engine.Cards;

namespace LossService.Engine.Losses.Regression;

/// <summary>What all regression losses of a prediction and a target take.</summary>
internal static class RegressionInputs
{
    public static IReadOnlyList<Input> All { get; } =
    [
        new("predictions", "*S", "What the model says, x; any shape.") { Gradient = GradientRule.Default },
        new("targets", "*S", "What was measured, y; the shape of the predictions.")
        {
            Gradient = GradientRule.OnRequest,
            Domain = Domain.Real,
        },
        new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
    ];

    /// <summary>PyTorch's conventions, where a mean over nothing is NaN.</summary>
    public static Preset PyTorch { get; } = new("pytorch", ("empty", "nan"), ("tie", "pytorch"));
}
