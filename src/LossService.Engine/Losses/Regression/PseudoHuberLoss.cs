using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct PseudoHuberLoss(double delta) : IBinaryLoss<PseudoHuberLoss>
{
    private const double Far = 1e18; // beyond, 1 + q is q, and in float32 q would soon overflow

    private static readonly Parameter Delta = Parameter.Number(
        "delta", 1, "Up to about this error the loss is a parabola, beyond it nearly a line of this slope.",
        min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "pseudo_huber_loss",
        Family = "regression",
        Aliases = ["pseudo_huber", "charbonnier_loss"],
        Summary = "Approximates the Huber loss with derivatives of every order.",
        Formula = @"\delta^2\left(\sqrt{1+((x-y)/\delta)^2}-1\right)",
        References =
        [
            new("Charbonnier et al., Deterministic Edge-Preserving Regularization in Computed Imaging, 1997",
                "https://doi.org/10.1109/83.551699"),
            new("XGBoost, reg:pseudohubererror", "https://xgboost.readthedocs.io/en/stable/parameter.html"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Delta],
        HessianForms = [new("xgboost")],
        Presets = [new("xgboost")],
        Examples = [new("simple", "A small and a large error.", """{"predictions":[2.5,4.0],"targets":[3.0,-0.5]}""")],
    };

    public static PseudoHuberLoss Configure(Settings settings) => new(settings[Delta]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        V ratio = V.Stop(error) / delta;
        V square = ratio * ratio;
        V root = V.Sqrt(1.0 + square);
        V size = V.Abs(ratio);
        V far = size > Far;

        // Each derivative by itself: from one another they would lose digits in the tails.
        V value = V.Select(far, size - 1.0, square / (root + 1.0));
        V slope = V.Select(far, V.Select(ratio < 0, -1, 1), ratio / root);
        V curvature = V.Select(far, 0, 1.0 / (root * root * root));
        return V.WithSlope(delta * delta * value, error, V.WithSlope(delta * slope, error, curvature));
    }
}
