using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct Mape(double scale, double eps) : IBinaryLoss<Mape>
{
    public static LossCard Card { get; } = new()
    {
        Name = "mape",
        Family = "regression",
        Aliases = ["mean_absolute_percentage_error", "mape_loss"],
        Summary = "Takes the magnitude of the error relative to the target, in percent.",
        Formula = @"100\,\frac{\lvert x-y\rvert}{\max(\lvert y\rvert,\epsilon)}",
        References =
        [
            new("Keras, MeanAbsolutePercentageError", "https://keras.io/api/losses/regression_losses/#meanabsolutepercentageerror-class"),
            new("LightGBM, objective mape", "https://lightgbm.readthedocs.io/en/latest/Parameters.html"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [PercentageParameters.Eps, PercentageParameters.Percent],
        Edges = ["The gradient at an error of 0 is 0.", "Targets nearer to 0 than eps count as eps."],
        Presets = [new("keras"), new("lightgbm", ("eps", "1"), ("percent", "false"), ("hessian_floor", "1"))],
        Examples = [new("simple", "A tenth too much, and a fifth too little.", """{"predictions":[110.0,40.0],"targets":[100.0,50.0]}""")],
    };

    public static Mape Configure(Settings settings) =>
        new(PercentageParameters.Scale(settings), settings[PercentageParameters.Eps]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V> =>
        scale * V.Abs(x - y) / V.Max(V.Abs(y), eps);
}
