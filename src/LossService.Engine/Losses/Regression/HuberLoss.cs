using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct HuberLoss(double delta) : IBinaryLoss<HuberLoss>
{
    private static readonly Parameter Delta = Parameter.Number(
        "delta", 1, "Up to this error the loss is a parabola, beyond it a line of this slope.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "huber_loss",
        Family = "regression",
        Aliases = ["huber"],
        Summary = "Squares small errors and lets large ones grow along a line.",
        Formula = @"\tfrac{1}{2}(x-y)^2\ \text{ if }\lvert x-y\rvert\le\delta,\quad \delta(\lvert x-y\rvert-\tfrac{1}{2}\delta)\ \text{ else}",
        References =
        [
            new("Huber, Robust Estimation of a Location Parameter, 1964", "https://doi.org/10.1214/aoms/1177703732"),
            new("PyTorch, torch.nn.HuberLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Delta],
        Presets =
        [
            RegressionInputs.PyTorchWeighted, new("keras"), new("optax", ("reduction", "none")),
            new("lightgbm", ("delta", "0.9"), ("hessian_floor", "1")),
        ],
        Examples = [new("simple", "A small and a large error.", """{"predictions":[2.5,4.0],"targets":[3.0,-0.5]}""")],
    };

    public static HuberLoss Configure(Settings settings) => new(settings[Delta]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        V size = V.Abs(error);
        return V.Select(size > delta, delta * (size - (0.5 * delta)), 0.5 * (error * error));
    }
}
