using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct Smape(double scale, double eps) : IBinaryLoss<Smape>
{
    public static LossCard Card { get; } = new()
    {
        Name = "smape",
        Family = "regression",
        Aliases = ["symmetric_mean_absolute_percentage_error", "smape_loss"],
        Summary = "Takes the magnitude of the error relative to both numbers' mean, in percent.",
        Formula = @"100\,\frac{2\,\lvert x-y\rvert}{\max(\lvert x\rvert+\lvert y\rvert,\epsilon)}",
        References =
        [
            new("Makridakis, Accuracy Measures: Theoretical and Practical Concerns, 1993",
                "https://doi.org/10.1016/0169-2070(93)90079-3"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [PercentageParameters.Eps, PercentageParameters.Percent],
        Edges =
        [
            "It lies between 0 and 200 percent; some divide by the sum instead of the mean: that is half of it.",
            "Where prediction and target are 0 it is 0. The gradient at an error of 0 is 0.",
        ],
        Examples = [new("simple", "A tenth too much, and a fifth too little.", """{"predictions":[110.0,40.0],"targets":[100.0,50.0]}""")],
    };

    public static Smape Configure(Settings settings) =>
        new(2 * PercentageParameters.Scale(settings), settings[PercentageParameters.Eps]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V> =>
        scale * (V.Abs(x - y) / V.Max(V.Abs(x) + V.Abs(y), eps)); // a ratio of exactly 1 has exactly no slope
}
