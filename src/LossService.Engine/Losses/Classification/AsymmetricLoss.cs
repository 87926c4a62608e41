using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct AsymmetricLoss(double positive, double negative, double clip, double logMin, bool detaches)
    : IBinaryLoss<AsymmetricLoss>
{
    private static readonly Parameter GammaPositive = Parameter.Number(
        "gamma_pos", 1, "How fast positives fade that are classified well.", min: 0);

    private static readonly Parameter GammaNegative = Parameter.Number(
        "gamma_neg", 4, "How fast negatives fade that are classified well.", min: 0);

    private static readonly Parameter Clip = Parameter.Number(
        "clip", 0.05, "Taken off the probability of negatives: up to it they cost nothing.", min: 0, max: 1);

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 0, "A probability inside a logarithm is at least this, without gradient below; timm has 1e-08.", min: 0, max: 1);

    private static readonly Parameter DetachFocalWeight = Parameter.Flag(
        "detach_focal_weight", false, "Takes the fading factor as a constant: no gradient through it.");

    public static LossCard Card { get; } = new()
    {
        Name = "asymmetric_loss",
        Family = "classification",
        Aliases = ["asl", "asymmetric_loss_multi_label"],
        Summary = "Fades easy negatives faster than easy positives, for many labels at once.",
        Formula = @"-(1-p)^{\gamma_+}\log p\ \text{ if }y=1,\quad -p_m^{\gamma_-}\log(1-p_m)\ \text{ else},\qquad p=\sigma(x),\ p_m=\max(p-c,0)",
        References =
        [
            new("Ridnik et al., Asymmetric Loss For Multi-Label Classification, 2021", "https://arxiv.org/abs/2009.14119"),
        ],
        Inputs =
        [
            new("logits", "*S", "Scores x before the sigmoid; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "Labels y: 0 or 1, for every class its own.") { Domain = Domain.Binary },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Parameters = [GammaPositive, GammaNegative, Clip, Eps, DetachFocalWeight],
        Edges =
        [
            "timm only sums: reduction \"sum\".",
            "At p = c the slope is 0. Saturated logits give the limits, where eps does not clamp.",
        ],
        Examples = [new("simple", "A found label, an easy and a hard negative.", """{"logits":[2.0,-3.0,0.5],"targets":[1,0,0]}""")],
    };

    public static AsymmetricLoss Configure(Settings settings) => new(
        settings[GammaPositive], settings[GammaNegative], settings[Clip],
        ScalarLane.Log(settings[Eps]).Value, settings.IsOn(DetachFocalWeight));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        Logistic<V> at = V.Logistic(x);
        V found = V.ZeroTimes(Fading(at.SigmoidOfMinus, positive), Clamped(at.SoftplusOfMinus));
        V shifted = V.Hinge(at.Sigmoid - clip, 0);
        V missed = V.ZeroTimes(Fading(shifted, negative), Clamped(Cost(at, shifted)));
        return V.Select(y > 0, found, missed);
    }

    // -log(1 - p_m): of the small one of p_m and 1 - p_m, whose digits are all there.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Cost<V>(Logistic<V> at, V shifted) where V : struct, ILane<V> => clip == 0
        ? at.Softplus
        : -V.Select(shifted > 0.5, V.Log(at.SigmoidOfMinus + clip), V.Log1p(-shifted));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Fading<V>(V miss, double gamma) where V : struct, ILane<V> =>
        detaches ? V.Stop(V.Pow(miss, gamma)) : V.Pow(miss, gamma);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Clamped<V>(V cost) where V : struct, ILane<V> => V.Select(cost > -logMin, -logMin, cost);
}
