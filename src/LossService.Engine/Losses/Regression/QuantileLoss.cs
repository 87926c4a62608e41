using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct QuantileLoss(double tau, double kink) : IBinaryLoss<QuantileLoss>, ICorner<QuantileLoss>
{
    private static readonly Parameter Tau = Parameter.Number(
        "tau", 0.5, "Which quantile: an error from below costs tau, one from above 1 - tau.",
        min: 0, max: 1, minOpen: true, maxOpen: true);

    private static readonly Parameter TieSide = Parameter.Choice(
        "tie_side", ["above", "below"],
        "Whose slope the tie \"pytorch\" takes at x = y: that from above, 1 - tau, or that from below, -tau.");

    public static LossCard Card { get; } = new()
    {
        Name = "quantile_loss",
        Family = "regression",
        Aliases = ["pinball", "pinball_loss"],
        Summary = "Weighs errors from below and above differently: the loss of a quantile.",
        Formula = @"\max(\tau\,(y-x),\ (\tau-1)(y-x))",
        References =
        [
            new("Koenker and Bassett, Regression Quantiles, 1978", "https://doi.org/10.2307/1913643"),
            new("TensorFlow Addons, PinballLoss", "https://www.tensorflow.org/addons/api_docs/python/tfa/losses/PinballLoss"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Tau, TieSide],
        Edges =
        [
            "At x = y the slope is 0; tie \"pytorch\" takes that of tie_side, above as LightGBM does, below as TensorFlow Addons, and \"half\" the mean of both.",
            "LightGBM, and XGBoost before 2026, take 1 for the second derivative, which is 0: their presets set hessian_floor.",
        ],
        Presets =
        [
            new("tfa", ("tie", "pytorch"), ("tie_side", "below")),
            new("xgboost", ("tie", "pytorch"), ("hessian_floor", "1")),
            new("lightgbm", ("tau", "0.9"), ("tie", "pytorch"), ("hessian_floor", "1")),
        ],
        Examples = [new("simple", "The upper decile.", """{"predictions":[1.0,1.0,1.0,0.0],"targets":[0,0,1,1],"tau":0.9}""")],
    };

    public static QuantileLoss Configure(Settings settings)
    {
        double tau = settings[Tau];
        double fromAbove = settings[TieSide] == 1 ? 1 - settings.Tie : settings.Tie;
        return new(tau, settings.Tie == 0 ? 0 : fromAbove - tau);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        return V.Select(error > 0, (1 - tau) * error, V.Select(error < 0, -(tau * error), kink * error));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Corner<V>(QuantileLoss loss, V x, V y, V z) where V : struct, ILane<V> => x - y;
}
