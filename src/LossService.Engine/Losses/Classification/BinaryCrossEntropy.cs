using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct BinaryCrossEntropy(double logMin, double denominatorMin) : IBinaryLoss<BinaryCrossEntropy>
{
    private static readonly Parameter LogMin = Parameter.Number(
        "log_min", -100, "Logarithms below this count as this, as in PyTorch.", max: 0);

    private static readonly Parameter DenominatorMin = Parameter.Number(
        "denominator_min", 1e-12, "p(1 - p) below this counts as this in the gradient, as in PyTorch.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "binary_cross_entropy",
        Family = "classification",
        Aliases = ["bce", "bce_loss", "binary_crossentropy", "logloss", "log_loss"],
        Summary = "Scores yes-or-no predictions given as probabilities.",
        Formula = @"-w\,[\,y\max(\log p,-100)+(1-y)\max(\log(1-p),-100)\,]",
        References = [new("PyTorch, torch.nn.BCELoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html")],
        Inputs =
        [
            new("probabilities", "*S", "Predicted probabilities p in [0, 1]; any shape.")
            {
                Gradient = GradientRule.Default,
                Domain = Domain.Probability,
            },
            new("targets", "*S", "Labels or soft labels y in [0, 1].")
            {
                Gradient = GradientRule.OnRequest,
                Domain = Domain.Probability,
            },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Parameters = [LogMin, DenominatorMin],
        Edges =
        [
            "At p = 0 or 1 the wrong label costs 100, as in PyTorch, and the gradient divides by 1e-12 at least; prefer the form with logits.",
        ],
        Presets = [new("pytorch", ("empty", "nan"))],
        Examples = [new("simple", "Two probabilities and their labels.", """{"probabilities":[0.9,0.2],"targets":[1,0]}""")],
    };

    public static BinaryCrossEntropy Configure(Settings settings) => new(settings[LogMin], settings[DenominatorMin]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V p = x;
        V value = -(V.ZeroTimes(y, Clamped(V.Log(V.Stop(p)))) + V.ZeroTimes(1.0 - y, Clamped(V.Log1p(-V.Stop(p)))));

        // PyTorch clamps the value and the gradient separately.
        V variance = p * (1.0 - p);
        V floor = V.Select(variance < denominatorMin, denominatorMin, variance);
        return V.WithSlope(value, p, (p - y) / floor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Clamped<V>(V log) where V : struct, ILane<V> => V.Select(log < logMin, logMin, log);
}
