using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct BinaryCrossEntropy(double logMin, double denominatorMin, double clip)
    : IBinaryLoss<BinaryCrossEntropy>
{
    private static readonly Parameter LogMin = Parameter.Number(
        "log_min", -100, "Logarithms below this count as this, as in PyTorch.", max: 0);

    private static readonly Parameter DenominatorMin = Parameter.Number(
        "denominator_min", 1e-12, "p(1 - p) below this counts as this in the gradient, as in PyTorch.", min: 0);

    private static readonly Parameter Clip = Parameter.Number(
        "clip", 0, "Probabilities nearer to 0 or 1 than this count as that near, with gradient 0, as in Keras.",
        min: 0, max: 0.5, maxOpen: true);

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
        Parameters = [LogMin, DenominatorMin, Clip],
        Edges =
        [
            "At p = 0 or 1 the wrong label costs 100, as in PyTorch, and the gradient divides by 1e-12 at least; prefer the form with logits.",
            "Keras clips p to [1e-7, 1 - 1e-7] instead, without a gradient beyond: preset \"keras\".",
        ],
        Presets = [new("pytorch", ("empty", "nan")), new("keras", ("clip", "1e-07"))],
        Examples = [new("simple", "Two probabilities and their labels.", """{"probabilities":[0.9,0.2],"targets":[1,0]}""")],
    };

    public static BinaryCrossEntropy Configure(Settings settings) =>
        new(settings[LogMin], settings[DenominatorMin], settings[Clip]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V p = clip == 0 ? x : V.Select(x < clip, clip, V.Select(x > 1.0 - clip, 1.0 - clip, x));
        V value = -(V.ZeroTimes(y, Clamped(V.Log(V.Stop(p)))) + V.ZeroTimes(1.0 - y, Clamped(V.Log1p(-V.Stop(p)))));

        // PyTorch clamps the value and the gradient separately.
        V variance = p * (1.0 - p);
        V floor = V.Select(variance < denominatorMin, denominatorMin, variance);
        return V.WithSlope(value, p, (p - y) / floor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Clamped<V>(V log) where V : struct, ILane<V> => V.Select(log < logMin, logMin, log);
}
