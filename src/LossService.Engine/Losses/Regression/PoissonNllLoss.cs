using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct PoissonNllLoss(bool logInput, bool full, double eps) : IBinaryLoss<PoissonNllLoss>
{
    private const double TwoPi = 6.283185307179586;

    private static readonly Parameter LogInput = Parameter.Flag(
        "log_input", true, "The predictions are logarithms of rates; false takes the rates themselves.");

    private static readonly Parameter Full = Parameter.Flag(
        "full", false, "Adds Stirling's approximation of log y! for targets above 1.");

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-8, "Added to a rate inside its logarithm; without effect on logarithms of rates.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "poisson_nll_loss",
        Family = "regression",
        Aliases = ["poisson", "poisson_loss"],
        Summary = "Scores predicted rates of events against counts.",
        Formula = @"e^{x}-y\,x\ \text{ or, of rates, }\ x-y\log(x+\epsilon)",
        References =
        [
            new("PyTorch, torch.nn.PoissonNLLLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html"),
        ],
        Inputs = RegressionInputs.Of("Logarithms of the rates x, or the rates.", "Counts y; any numbers from 0 up.", Domain.NonNegative),
        Items = "*S",
        Parameters = [LogInput, Full, Eps],
        Edges =
        [
            "A rate below -eps has no logarithm: its loss is NaN.",
            "Boosted trees take the logarithm of the rate. LightGBM multiplies the Hessian by e^0.7, as XGBoost did before 2026; XGBoost now takes (e^x + y) / 2.",
        ],
        HessianForms =
        [
            new("lightgbm", 2.0137527074704766), // e^0.7
            new("xgboost", GradientShare: -0.5), // e^x - (e^x - y) / 2
        ],
        Presets = [RegressionInputs.PyTorch, new("keras", ("log_input", "false"), ("eps", "1e-07")), new("xgboost"), new("lightgbm")],
        Examples =
        [
            new("simple", "Two logarithms of rates.", """{"predictions":[0.3,1.2],"targets":[2,4]}"""),
            new("rates", "The rates themselves, with Stirling's term.",
                """{"predictions":[1.5,3.0],"targets":[2,4],"log_input":false,"full":true}"""),
        ],
    };

    public static PoissonNllLoss Configure(Settings settings) =>
        new(settings.IsOn(LogInput), settings.IsOn(Full), settings[Eps]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V loss;
        if (logInput)
        {
            V rate = V.Exp(x);
            // Where the rate overflows nothing that is subtracted counts, and infinity less infinity is no number.
            V overflowed = V.WithSlope(rate, y, -x);
            loss = V.Select(V.Same(rate, double.PositiveInfinity), overflowed, rate - V.ZeroTimes(y, x));
        }
        else
        {
            V log = V.Log(x + eps);
            V empty = V.Same(log, double.NegativeInfinity); // a rate of 0, which no event contradicts
            loss = x - V.Select(empty, V.ZeroTimes(y, log), y * log);
        }

        if (!full)
        {
            return loss;
        }

        V stirling = (y * V.Log(y)) - y + (0.5 * V.Log(TwoPi * y));
        return loss + V.Select(y > 1, stirling, 0);
    }
}
