using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct WingLoss(double width, double curvature, double offset) : IBinaryLoss<WingLoss>
{
    private static readonly Parameter Width = Parameter.Number(
        "width", 5, "Below this error the loss is a logarithm, beyond it a line.", min: 0, minOpen: true);

    private static readonly Parameter Curvature = Parameter.Number(
        "curvature", 0.5, "How sharply the logarithm bends: the smaller, the steeper near 0.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "wing_loss",
        Family = "regression",
        Aliases = ["wing"],
        Summary = "Raises small and middling errors above large ones, for facial landmarks.",
        Formula = @"w\log(1+\lvert d\rvert/c)\ \text{ if }\lvert d\rvert<w,\quad \lvert d\rvert-w+w\log(1+w/c)\ \text{ else}",
        References =
        [
            new("Feng et al., Wing Loss for Robust Facial Landmark Localisation, 2018", "https://arxiv.org/abs/1711.06753"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Width, Curvature],
        Edges = ["The gradient at an error of 0 is 0; beside it, it is w / c."],
        Examples = [new("simple", "A small and a large error.", """{"predictions":[2.5,9.0],"targets":[3.0,-0.5]}""")],
    };

    public static WingLoss Configure(Settings settings)
    {
        double width = settings[Width];
        double curvature = settings[Curvature];
        return new(width, curvature, width - (width * ScalarLane.Log1p(width / curvature).Value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V size = V.Abs(x - y);
        V near = V.WithSlope(
            width * V.Log1p(V.Stop(size) / curvature), size, width / (curvature + size)); // rounded once less
        return V.Select(size < width, near, size - offset);
    }
}
