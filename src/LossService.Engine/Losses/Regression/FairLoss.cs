using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct FairLoss(double c) : IBinaryLoss<FairLoss>
{
    private static readonly Parameter Scale = Parameter.Number(
        "c", 1, "The error at which the slope has reached half of its limit, which is c.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "fair_loss",
        Family = "regression",
        Aliases = ["fair"],
        Summary = "Squares small errors and bends large ones slowly towards a line.",
        Formula = @"c^2\left(\frac{\lvert d\rvert}{c}-\log\left(1+\frac{\lvert d\rvert}{c}\right)\right),\qquad d=x-y",
        References =
        [
            new("Fair, On the Robust Estimation of Econometric Models, 1974", "https://www.nber.org/chapters/c10205"),
            new("LightGBM, objective fair", "https://lightgbm.readthedocs.io/en/latest/Parameters.html"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Scale],
        Edges = ["Where the error is infinite the loss is too, and its slope is c."],
        HessianForms = [new("lightgbm")],
        Presets = [new("lightgbm")],
        Examples = [new("simple", "A small and a large error.", """{"predictions":[2.5,4.0],"targets":[3.0,-0.5]}""")],
    };

    public static FairLoss Configure(Settings settings) => new(settings[Scale]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        V kept = V.Stop(error);
        V ratio = V.Abs(kept) / c;
        V whole = V.Select(V.Same(ratio, double.PositiveInfinity), ratio, ratio - V.Log1p(ratio));
        V value = V.Select(ratio < 0.25, Near(ratio), whole);

        V share = 1.0 / (1.0 + ratio);
        V slope = V.Select(V.Same(ratio, double.PositiveInfinity), V.Select(kept < 0, -c, c), kept * share);
        return V.WithSlope(c * c * value, error, V.WithSlope(slope, error, share * share));
    }

    // u - log(1 + u) for small u, where the difference would lose its digits: with s = u / (2 + u) the logarithm is
    // 2 (s + s^3/3 + s^5/5 + ...), and u - 2 s = u s.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Near<V>(V u) where V : struct, ILane<V>
    {
        V s = u / (2.0 + u);
        V square = s * s;
        V series = 1.0 / 17;
        for (int odd = 15; odd >= 3; odd -= 2)
        {
            series = (square * series) + (1.0 / odd);
        }

        return s * (u - (2 * (square * series)));
    }
}
