using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct L1Loss : IBinaryLoss<L1Loss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "l1_loss",
        Family = "regression",
        Aliases = ["mae", "mean_absolute_error"],
        Summary = "Takes the magnitude of the error: the loss of the median.",
        Formula = @"\lvert x - y\rvert",
        References = [new("PyTorch, torch.nn.L1Loss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html")],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Edges = ["The gradient at an error of 0 is 0.", "LightGBM, and XGBoost before 2026, take 1 for the second derivative, which is 0."],
        Presets =
        [
            RegressionInputs.PyTorchWeighted, RegressionInputs.Mmdet, new("keras"),
            new("xgboost", ("hessian_floor", "1")), new("lightgbm", ("hessian_floor", "1")),
        ],
        Examples = [new("simple", "Two predictions.", """{"predictions":[2.5,0.0],"targets":[3.0,-0.5]}""")],
    };

    public static L1Loss Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V> => V.Abs(x - y);
}
