using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct GammaNll : IBinaryLoss<GammaNll>
{
    public static LossCard Card { get; } = new()
    {
        Name = "gamma_nll",
        Family = "regression",
        Aliases = ["gamma_nll_loss", "gamma_loss"],
        Summary = "Scores logarithms of means against positive amounts of constant relative spread.",
        Formula = @"x+y\,e^{-x}",
        References =
        [
            new("McCullagh and Nelder, Generalized Linear Models, 1989", "https://doi.org/10.1201/9780203753736"),
            new("XGBoost, reg:gamma", "https://xgboost.readthedocs.io/en/stable/parameter.html"),
        ],
        Inputs = RegressionInputs.Of("Logarithms of the means x.", "Amounts y; above 0, although the formula allows 0.", Domain.NonNegative),
        Items = "*S",
        Edges =
        [
            "The unit deviance of a gamma distribution is twice this, less what depends on the target alone.",
            "Towards -Infinity the loss is +Infinity, unless the target is 0.",
        ],
        HessianForms = [new("xgboost"), new("lightgbm")],
        Presets = [new("xgboost"), new("lightgbm")],
        Examples = [new("simple", "Two amounts.", """{"predictions":[0.5,2.0],"targets":[1.2,9.0]}""")],
    };

    public static GammaNll Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V fit = V.ZeroTimes(y, V.Exp(-x));
        return V.Select(V.Same(fit, double.PositiveInfinity), fit, x + fit); // not infinity less infinity
    }
}
