using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct ExpectileLoss(double tau) : IBinaryLoss<ExpectileLoss>
{
    private static readonly Parameter Tau = Parameter.Number(
        "tau", 0.5, "Which expectile: an error from below weighs tau, one from above 1 - tau.",
        min: 0, max: 1, minOpen: true, maxOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "expectile_loss",
        Family = "regression",
        Summary = "Squares errors and weighs those from below and above differently.",
        Formula = @"\lvert\tau-[y<x]\rvert\,(x-y)^2",
        References =
        [
            new("Newey and Powell, Asymmetric Least Squares Estimation and Testing, 1987", "https://doi.org/10.2307/1911031"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Tau],
        Edges = ["tau 1/2 is half the squared error. At x = y the second derivative is that from below, 2 tau."],
        HessianForms = [new("xgboost")],
        Presets = [new("xgboost")],
        Examples = [new("simple", "Too high costs less than too low.", """{"predictions":[1.0,0.0],"targets":[0.0,1.0],"tau":0.9}""")],
    };

    public static ExpectileLoss Configure(Settings settings) => new(settings[Tau]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        V square = error * error;
        return V.Select(error > 0, (1 - tau) * square, tau * square);
    }
}
