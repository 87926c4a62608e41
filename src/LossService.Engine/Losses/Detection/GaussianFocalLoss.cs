using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct GaussianFocalLoss(double alpha, double gamma, double eps, double positive, double negative)
    : IBinaryLoss<GaussianFocalLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 2, "The power of the prediction: how fast good predictions fade.", min: 0);

    private static readonly Parameter Gamma = Parameter.Number(
        "gamma", 4, "The power of 1 - target for negatives: how much places near a centre are spared.", min: 0);

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-12, "Added to the probability inside the logarithm, as in mmdetection.", min: 0);

    private static readonly Parameter PosWeight = Parameter.Number("pos_weight", 1, "Multiplies the positive term.", min: 0);

    private static readonly Parameter NegWeight = Parameter.Number("neg_weight", 1, "Multiplies the negative term.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "gaussian_focal_loss",
        Family = "detection",
        Aliases = ["centernet_focal_loss", "cornernet_focal_loss"],
        Summary = "Scores heat maps whose peaks are object centres, sparing their surroundings.",
        Formula = @"-[t=1](1-p)^{\alpha}\log(p+\epsilon)-(1-t)^{\gamma}p^{\alpha}\log(1-p+\epsilon)",
        References =
        [
            new("Law and Deng, CornerNet, 2018", "https://arxiv.org/abs/1808.01244"),
            new("mmdetection, GaussianFocalLoss", "https://mmdetection.readthedocs.io/en/v2.10.0/_modules/mmdet/models/losses/gaussian_focal_loss.html"),
        ],
        Inputs =
        [
            new("probabilities", "*S", "Predicted heat map p in [0, 1], after the sigmoid.")
            {
                Gradient = GradientRule.Default,
                Domain = Domain.Probability,
            },
            new("targets", "*S", "Gaussian heat map t in [0, 1]; exactly 1 marks a centre.") { Domain = Domain.Probability },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Parameters = [Alpha, Gamma, Eps, PosWeight, NegWeight],
        Edges =
        [
            "Only a target that equals 1 exactly is a positive.",
            "CornerNet and CenterNet divide by the number of centres: give it as avg_factor.",
        ],
        Presets = [new("mmdet", ("avg_factor_eps", "1.1920929e-07"))],
        Examples = [new("simple", "A centre, its neighbour, and background.", """{"probabilities":[0.7,0.3,0.1],"targets":[1.0,0.6,0.0],"avg_factor":1}""")],
    };

    public static GaussianFocalLoss Configure(Settings settings) =>
        new(settings[Alpha], settings[Gamma], settings[Eps], settings[PosWeight], settings[NegWeight]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V p = x;
        V q = 1.0 - p;
        V found = V.ZeroTimes(V.Pow(q, alpha), -LogNear(p, q));
        V spared = V.Pow(1.0 - y, gamma);
        V missed = V.ZeroTimes(spared * V.Pow(p, alpha), -LogNear(q, p));
        return V.Select(V.Same(y, 1), positive * found, 0) + (negative * missed); // at gamma = 0 a centre has both
    }

    // log(u + eps) with rest = 1 - u: near u = 1 the digits of the logarithm are in the rest, and the sum rounds them
    // off.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V LogNear<V>(V u, V rest) where V : struct, ILane<V> =>
        V.Select(u > 0.5, V.Log1p(eps - rest), V.Log(u + eps));
}
