using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct LogCoshLoss : IBinaryLoss<LogCoshLoss>
{
    private const double LogTwo = 0.6931471805599453;
    private const double Far = 20; // beyond, 1 + e^-2a is 1

    public static LossCard Card { get; } = new()
    {
        Name = "log_cosh_loss",
        Family = "regression",
        Aliases = ["log_cosh", "logcosh"],
        Summary = "Squares small errors and takes the magnitude of large ones, smoothly throughout.",
        Formula = @"\log\cosh(x-y)",
        References =
        [
            new("Keras, LogCosh", "https://keras.io/api/losses/regression_losses/#logcosh-class"),
            new("optax, log_cosh", "https://optax.readthedocs.io/en/latest/api/losses.html"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Edges = ["Small errors keep their digits: half their square, not the difference of two logarithms."],
        Presets = [new("keras"), new("optax", ("reduction", "none"))],
        Examples = [new("simple", "A small and a large error.", """{"predictions":[2.5,4.0],"targets":[3.0,-0.5]}""")],
    };

    public static LogCoshLoss Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        V below = V.Select(error > 0, -error, error); // -|d|, smooth where it is 0: the slope is odd
        V fall = V.Expm1(2 * below);
        V slope = fall / (2.0 + fall);

        // cosh d = 1 + (1 - e^-a)^2 / (2 e^-a), so that near 0 nothing cancels.
        V near = V.Stop(below);
        V drop = V.Expm1(near);
        V value = V.Select(
            near < -Far, -near - LogTwo, V.Log1p(drop * drop / (2 * V.Exp(near))));
        return V.WithSlope(value, error, V.Select(error > 0, -slope, slope));
    }
}
