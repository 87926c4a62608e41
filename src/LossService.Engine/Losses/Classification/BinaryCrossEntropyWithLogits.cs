using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct BinaryCrossEntropyWithLogits(double smoothing) : ITernaryLoss<BinaryCrossEntropyWithLogits>
{
    private static readonly Parameter LabelSmoothing = Parameter.Number(
        "label_smoothing", 0, "Moves targets towards a half: y(1 - s) + s/2.", min: 0, max: 1);

    public static LossCard Card { get; } = new()
    {
        Name = "binary_cross_entropy_with_logits",
        Family = "classification",
        Aliases = ["bce_with_logits", "bce_with_logits_loss", "sigmoid_cross_entropy", "sigmoid_binary_cross_entropy"],
        Summary = "Scores yes-or-no predictions given as logits.",
        Formula = @"w\,[\,p_w\,y\,\mathrm{softplus}(-x)+(1-y)\,\mathrm{softplus}(x)\,]",
        References =
        [
            new("PyTorch, torch.nn.BCEWithLogitsLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"),
        ],
        Inputs =
        [
            new("logits", "*S", "Scores x before the sigmoid; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "Labels or soft labels y in [0, 1].")
            {
                Gradient = GradientRule.OnRequest,
                Domain = Domain.Probability,
            },
            new("pos_weight", "*S | C | ", "Multiplies the positive term: per element, per class (second axis, or the only one), or one for all.")
            {
                Optional = true,
                Domain = Domain.NonNegative,
            },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Parameters = [LabelSmoothing],
        Edges =
        [
            "At infinite logits the limit is returned: 0 where the label agrees, infinity where it does not.",
            "LightGBM's parameter sigmoid: send the logits times it, and multiply the gradients by it, the Hessian by its square.",
        ],
        Presets =
        [
            new("pytorch", ("empty", "nan")), new("mmdet", ("avg_factor_eps", "1.1920929e-07")), new("keras"),
            new("optax", ("reduction", "none")), new("xgboost", ("hessian_floor", "1e-16")), new("lightgbm"),
        ],
        HessianForms = [new("xgboost"), new("lightgbm"), HessianForm.OfMagnitude],
        Examples =
        [
            new("simple", "Two logits and their labels.", """{"logits":[2.0,-1.0],"targets":[1,0]}"""),
            new("imbalanced", "A rare positive class counts threefold.",
                """{"logits":[[0.5,-1.2],[2.0,0.3]],"targets":[[1,0],[0,1]],"pos_weight":[3.0,1.0],"reduction":"none"}"""),
        ],
    };

    public static BinaryCrossEntropyWithLogits Configure(Settings settings) => new(settings[LabelSmoothing]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y, V z) where V : struct, ILane<V>
    {
        V label = Smooth(y);
        Logistic<V> at = V.Logistic(x);
        return V.ZeroTimes(z * label, at.SoftplusOfMinus) + V.ZeroTimes(1.0 - label, at.Softplus);
    }

    // By hand for the rows bce_with_logits of the benchmarks' results: 1.7x over the derived kernel. The two terms
    // change places with the sign of x, so all is computed at |x|, where the exponential is small, and the slope takes
    // the sign back.
    public static bool IsFused => true;

    public static bool LooksAhead => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Ahead<V>(V x) where V : struct, ILane<V> => V.ExpNonPositive(-V.Abs(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<V> Fused<V>(BinaryCrossEntropyWithLogits loss, V x, V y, V z, V ahead) where V : struct, ILane<V>
    {
        V label = loss.Smooth(y);
        V positive = z * label;
        V negative = 1.0 - label;
        V isPositive = x > 0;
        V both = positive + negative;
        V against = V.Select(isPositive, negative, positive); // the term that grows with |x|
        V with = both - against; // what that rounds off is below the rounding of the other term
        V softplus = V.SoftplusOfExp(ahead, out V large, out V small);
        V value = V.MultiplyAdd(both, softplus, V.ZeroTimes(against, V.Abs(x)));
        V slope = V.MultiplyAdd(with, small, -(against * large));
        return new(value, V.NegateWhere(isPositive, slope));
    }

    // Smoothing as Keras does it; without it the label passes unrounded.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Smooth<V>(V y) where V : struct, ILane<V> =>
        smoothing == 0 ? y : ((1 - smoothing) * y) + (0.5 * smoothing);
}
