using LossService.Engine.Cards;

namespace LossService.Engine.Losses.Regression;

/// <summary>What all regression losses of a prediction and a target take.</summary>
internal static class RegressionInputs
{
    public static IReadOnlyList<Input> All { get; } = Of(
        "What the model says, x; any shape.", "What was measured, y; the shape of the predictions.", Domain.Real);

    /// <summary>The same in the loss's own words.</summary>
    public static IReadOnlyList<Input> Of(string predictions, string targets, Domain targetDomain) =>
    [
        new("predictions", "*S", predictions) { Gradient = GradientRule.Default },
        new("targets", "*S", targets) { Gradient = GradientRule.OnRequest, Domain = targetDomain },
        new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
    ];

    /// <summary>The same of losses that torch.nn.functional gives a weight, which then divides the mean.</summary>
    public static Preset PyTorchWeighted { get; } =
        new("pytorch", ("empty", "nan"), ("tie", "pytorch"), ("weight_normalization", "sum_weights"));

    /// <summary>mmdetection's, which adds the least step of a float to avg_factor.</summary>
    public static Preset Mmdet { get; } = new("mmdet", ("avg_factor_eps", "1.1920929e-07"));

    /// <summary>PyTorch's conventions, where a mean over nothing is NaN.</summary>
    public static Preset PyTorch { get; } = new("pytorch", ("empty", "nan"), ("tie", "pytorch"));
}
