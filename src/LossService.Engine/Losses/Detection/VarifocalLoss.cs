using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct VarifocalLoss(double alpha, double gamma, bool iouWeighted) : IBinaryLoss<VarifocalLoss>
{
    private static readonly Parameter Alpha = Parameter.Number("alpha", 0.75, "The weight of negatives.", min: 0);

    private static readonly Parameter Gamma = Parameter.Number(
        "gamma", 2, "How fast negatives fade that are classified well; 0 means not at all.", min: 0);

    private static readonly Parameter IouWeighted = Parameter.Flag(
        "iou_weighted", true, "Weighs positives by their target quality; false weighs them all alike.");

    public static LossCard Card { get; } = new()
    {
        Name = "varifocal_loss",
        Family = "detection",
        Aliases = ["vfl"],
        Summary = "Learns scores that tell how well a box fits, fading easy negatives only.",
        Formula = @"t\,\mathrm{BCE}(x,t)\ \text{ if }t>0,\quad \alpha\,p^{\gamma}\,\mathrm{softplus}(x)\ \text{ else},\qquad p=\sigma(x)",
        References =
        [
            new("Zhang et al., VarifocalNet, 2021", "https://arxiv.org/abs/2008.13367"),
            new("mmdetection, VarifocalLoss", "https://mmdetection.readthedocs.io/en/v2.10.0/_modules/mmdet/models/losses/varifocal_loss.html"),
        ],
        Inputs =
        [
            new("logits", "*S", "Scores x before the sigmoid; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "Target qualities t in [0, 1]: the box's IoU at its class, 0 elsewhere.") { Domain = Domain.Probability },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Parameters = [Alpha, Gamma, IouWeighted],
        Edges =
        [
            "The gradient runs through the fading factor, as in mmdetection.",
            "Detectors divide by the sum of the targets: give it as avg_factor.",
        ],
        Presets = [new("mmdet", ("avg_factor_eps", "1.1920929e-07"))],
        Examples = [new("simple", "A fitting box, and background.", """{"logits":[0.5,-1.0],"targets":[0.7,0.0],"avg_factor":0.7}""")],
    };

    public static VarifocalLoss Configure(Settings settings) =>
        new(settings[Alpha], settings[Gamma], settings.IsOn(IouWeighted));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        Logistic<V> at = V.Logistic(x);
        V entropy = V.ZeroTimes(y, at.SoftplusOfMinus) + V.ZeroTimes(1.0 - y, at.Softplus);
        V fitting = iouWeighted ? V.ZeroTimes(y, entropy) : entropy;
        V background = alpha * V.ZeroTimes(V.Pow(at.Sigmoid, gamma), at.Softplus);
        return V.Select(y > 0, fitting, background);
    }
}
