using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct MseLoss(double scale) : IBinaryLoss<MseLoss>
{
    private static readonly Parameter Half = Parameter.Flag(
        "half", false, "Halves the loss: optax's l2_loss, and the squared error of boosted trees.");

    public static LossCard Card { get; } = new()
    {
        Name = "mse_loss",
        Family = "regression",
        Aliases = ["l2", "l2_loss", "mean_squared_error", "mse"],
        Summary = "Squares the error: the least-squares loss.",
        Formula = @"(x - y)^2",
        References = [new("PyTorch, torch.nn.MSELoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html")],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Half],
        HessianForms = [new("xgboost"), new("lightgbm")],
        Presets =
        [
            RegressionInputs.PyTorchWeighted, RegressionInputs.Mmdet, new("keras"),
            new("optax", ("half", "true"), ("reduction", "none")),
            new("xgboost", ("half", "true")), new("lightgbm", ("half", "true")),
        ],
        Examples = [new("simple", "Two predictions.", """{"predictions":[2.5,0.0],"targets":[3.0,-0.5]}""")],
    };

    public static MseLoss Configure(Settings settings) => new(settings.IsOn(Half) ? 0.5 : 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        return scale * (error * error);
    }
}
