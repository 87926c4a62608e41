using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct CompleteBoxIouLoss(
    BoxOverlap overlap, double eps, double aspectEps, double gate, bool detaches, bool clamps)
    : IBoxLoss<CompleteBoxIouLoss>
{
    private static readonly Parameter Eps = BoxOverlap.EpsParameter(1e-7);

    private static readonly Parameter AspectEps = Parameter.Number(
        "aspect_eps", 0, "Added to the heights in the aspect ratios; mmdetection adds 1e-07.", min: 0);

    private static readonly Parameter AlphaGate = Parameter.Number(
        "alpha_gate", double.NaN, "The IoU above which alone the aspect counts, 0.5 in mmdetection; null for always.", min: 0, max: 1);

    private static readonly Parameter DetachAlpha = Parameter.Flag(
        "detach_alpha", true, "Takes the trade-off alpha for a constant, as all libraries do.");

    private static readonly Parameter Clamp = Parameter.Flag(
        "clamp", false, "Keeps the loss within [0, 2], as mmdetection does.");

    public static LossCard Card { get; } = new()
    {
        Name = "complete_box_iou_loss",
        Family = "detection",
        Aliases = ["ciou_loss", "ciou"],
        Summary = "Adds to the missing overlap the distance of centres and the aspect (CIoU).",
        Formula = @"1-\mathrm{IoU}+\frac{\rho^2(b,t)}{c^2}+\alpha v,\quad v=\frac{4}{\pi^2}\left(\arctan\frac{w_t}{h_t}-\arctan\frac{w}{h}\right)^2,\ \alpha=\frac{v}{1-\mathrm{IoU}+v+\epsilon}",
        References =
        [
            new("Zheng et al., Enhancing Geometric Factors in Model Learning, 2021", "https://arxiv.org/abs/2005.03572"),
            new("torchvision, ops.complete_box_iou_loss", "https://docs.pytorch.org/vision/stable/generated/torchvision.ops.complete_box_iou_loss.html"),
        ],
        Inputs = Boxes.Inputs,
        Items = Boxes.Items,
        Parameters = [Eps, AspectEps, AlphaGate, DetachAlpha, Clamp],
        Edges =
        [
            "alpha is a constant of the gradient: a difference quotient of the loss has to freeze it.",
            "A box without height keeps the limit of its aspect, where torchvision's gradient is NaN; one without any sides has no aspect and v = 0.",
            "mmdetection leaves eps out of alpha, which changes it by 1e-07 of itself.",
            .. Boxes.Edges,
        ],
        Presets =
        [
            new("torchvision", ("reduction", "none")),
            new("mmdet", ("alpha_gate", "0.5"), ("aspect_eps", "1e-07"), ("clamp", "true"), ("tie", "pytorch"), ("avg_factor_eps", "1.1920929e-07")),
        ],
        Examples =
        [
            new("simple", "Two boxes of which the second misses its target.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]]}"""),
            new("gated", "As mmdetection: the aspect counts above an IoU of one half only.",
                """{"boxes":[[0,0,3,3.5]],"target_boxes":[[1,1,5,4]],"preset":"mmdet"}"""),
        ],
    };

    public static CompleteBoxIouLoss Configure(Settings settings)
    {
        double eps = settings[Eps];
        return new(
            new(eps, clamps: false, settings.Tie), eps, settings[AspectEps], settings[AlphaGate],
            settings.IsOn(DetachAlpha), settings.IsOn(Clamp));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(Box<V> box, Box<V> target) where V : struct, ILane<V>
    {
        V iou = overlap.Iou(box, target);
        V angle = AngleBetween(box, target);
        V aspect = 4 / (Math.PI * Math.PI) * (angle * angle);
        V alpha = aspect / (1.0 - iou + aspect + eps);
        alpha = double.IsNaN(gate) ? alpha : V.Select(iou > gate, alpha, 0);
        V loss = 1.0 - iou + overlap.CentreDistance(box, target) + ((detaches ? V.Stop(alpha) : alpha) * aspect);
        return clamps ? V.Min(V.Max(loss, 0), 2) : loss;
    }

    // The difference of both arctangents as one angle, which neither cancels nor divides by a height.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V AngleBetween<V>(Box<V> box, Box<V> target) where V : struct, ILane<V>
    {
        V height = box.Height + aspectEps;
        V targetHeight = target.Height + aspectEps;
        V across = (target.Width * height) - (box.Width * targetHeight);
        V along = (targetHeight * height) + (target.Width * box.Width);
        V upsideDown = height < 0; // an arctangent of w / h does not see the signs of w and h alone
        return V.Atan2(V.Select(upsideDown, -across, across), V.Select(upsideDown, -along, along));
    }
}
