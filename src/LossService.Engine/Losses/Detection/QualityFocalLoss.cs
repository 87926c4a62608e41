using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct QualityFocalLoss(double beta) : IClasswiseLoss<QualityFocalLoss>
{
    private static readonly Parameter Beta = Parameter.Number(
        "beta", 2, "How fast scores fade that are near to their target; 0 means not at all.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "quality_focal_loss",
        Family = "detection",
        Aliases = ["qfl", "gfl"],
        Summary = "Learns one score for class and quality of a box, fading what is near its target.",
        Formula = @"\sum_c\lvert s_c-p_c\rvert^{\beta}\,\mathrm{BCE}(x_c,s_c),\qquad p=\sigma(x)",
        References =
        [
            new("Li et al., Generalized Focal Loss, 2020", "https://arxiv.org/abs/2006.04388"),
            new("mmdetection, QualityFocalLoss", "https://mmdetection.readthedocs.io/en/v2.10.0/_modules/mmdet/models/losses/gfocal_loss.html"),
        ],
        Inputs =
        [
            new("logits", "N C *D | C", "Scores x before the sigmoid, one per class.") { Gradient = GradientRule.Default },
            new("targets",
                "Class indices, where the index C is the background, or a target quality s in [0, 1] per class.",
                [Labels("N *D"), Qualities("N C *D"), Labels(""), Qualities("C")]),
            new("scores", "N *D | ", "With class indices: the target quality s in [0, 1] at the class, or one for all; 1 when absent.")
            {
                Optional = true,
                Domain = Domain.Probability,
            },
            new(Common.WeightName, "N *D | ", "A weight per item, or one for all.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "N *D | ",
        Parameters = [Beta],
        Edges =
        [
            "A background row is all negatives, and still costs.",
            "Where p = s the loss and its slope are 0. The gradient runs through the fading factor.",
            "scores count only beside class indices.",
        ],
        Presets = [new("mmdet", ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("labels", "A box of class 1 with IoU 0.7, and background.",
                """{"logits":[[-1.0,0.5],[-1.0,-2.0]],"targets":[1,2],"scores":[0.7,0.0]}"""),
            new("qualities", "The same as one number per class.",
                """{"logits":[[-1.0,0.5],[-1.0,-2.0]],"targets":[[0.0,0.7],[0.0,0.0]]}"""),
        ],
    };

    public static ClassEncoding Encoding => ClassEncoding.OneHot;

    public static bool Averages => false;

    public static QualityFocalLoss Configure(Settings settings) => new(settings[Beta]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        Logistic<V> at = V.Logistic(x);
        V entropy = V.ZeroTimes(y, at.SoftplusOfMinus) + V.ZeroTimes(1.0 - y, at.Softplus);
        // s - p from the tail that keeps its digits: s q - (1 - s) p.
        V miss = (y * at.SigmoidOfMinus) - ((1.0 - y) * at.Sigmoid);
        V gap = V.Select(miss < 0, -miss, miss);
        return V.ZeroTimes(V.Pow(gap, beta), entropy);
    }

    private static InputForm Labels(string axes) =>
        new(axes, InputKind.Label) { Classes = "C", Background = true, TargetType = "index" };

    private static InputForm Qualities(string axes) =>
        new(axes) { Domain = Domain.Probability, TargetType = "probability" };
}
