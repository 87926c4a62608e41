using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct TweedieLoss(double power) : IBinaryLoss<TweedieLoss>
{
    private static readonly Parameter VariancePower = Parameter.Number(
        "variance_power", 1.5, "The variance grows with this power of the mean: near 1 like a Poisson's, near 2 like a gamma's.",
        min: 1, max: 2, minOpen: true, maxOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "tweedie_loss",
        Family = "regression",
        Aliases = ["tweedie", "tweedie_nll"],
        Summary = "Scores logarithms of means against amounts that are often exactly zero.",
        Formula = @"-y\,\frac{e^{(1-\rho)x}}{1-\rho}+\frac{e^{(2-\rho)x}}{2-\rho}",
        References =
        [
            new("Jorgensen, Exponential Dispersion Models, 1987", "https://www.jstor.org/stable/2345415"),
            new("XGBoost, reg:tweedie", "https://xgboost.readthedocs.io/en/stable/parameter.html"),
        ],
        Inputs = RegressionInputs.Of("Logarithms of the means x.", "Amounts y from 0 up.", Domain.NonNegative),
        Items = "*S",
        Parameters = [VariancePower],
        Edges = ["What depends on the target alone is left out, as in XGBoost, LightGBM and scikit-learn's gradients."],
        HessianForms = [new("xgboost"), new("lightgbm")],
        Presets = [new("xgboost"), new("lightgbm")],
        Examples = [new("claims", "No claim, and one of 3.", """{"predictions":[-1.0,0.8],"targets":[0,3]}""")],
    };

    public static TweedieLoss Configure(Settings settings) => new(settings[VariancePower]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        double above = power - 1;
        double below = 2 - power;
        V fit = V.ZeroTimes(y, V.Exp(-(above * x)));
        return (1 / above * fit) + (1 / below * V.Exp(below * x));
    }
}
