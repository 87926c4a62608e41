using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct Msle(double scale, double eps) : IBinaryLoss<Msle>
{
    private static readonly Parameter Half = Parameter.Flag("half", false, "Halves the loss, as boosted trees do.");

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-7, "Predictions and targets below this count as this, above -1.", min: -1, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "msle",
        Family = "regression",
        Aliases = ["mean_squared_logarithmic_error", "squared_log_error"],
        Summary = "Squares the difference of logarithms: relative errors of positive numbers.",
        Formula = @"(\log(1+x)-\log(1+y))^2",
        References =
        [
            new("Keras, MeanSquaredLogarithmicError", "https://keras.io/api/losses/regression_losses/#meansquaredlogarithmicerror-class"),
            new("XGBoost, reg:squaredlogerror", "https://xgboost.readthedocs.io/en/stable/parameter.html"),
        ],
        Inputs = RegressionInputs.Of("What the model says, x; any shape.", "What was measured, y, from 0 up.", Domain.NonNegative),
        Items = "*S",
        Parameters = [Half, Eps],
        Edges = ["A prediction below eps has gradient 0, as in Keras; XGBoost clamps at -0.999999."],
        HessianForms = [new("xgboost")],
        Presets = [new("keras"), new("xgboost", ("half", "true"), ("eps", "-0.999999"), ("hessian_floor", "1e-06"))],
        Examples = [new("simple", "Twice as much, and half.", """{"predictions":[20.0,5.0],"targets":[10.0,10.0]}""")],
    };

    public static Msle Configure(Settings settings) => new(settings.IsOn(Half) ? 0.5 : 1, settings[Eps]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V prediction = Clamped(x);
        V target = Clamped(y);
        V ratio = (prediction - target) / (1.0 + target);
        V gap = V.Select(
            V.Abs(ratio) < 0.5, V.Log1p(ratio), V.Log1p(prediction) - V.Log1p(target)); // near ones would cancel
        return scale * (gap * gap);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Clamped<V>(V number) where V : struct, ILane<V> =>
        V.Select(number < eps, eps, number);
}
