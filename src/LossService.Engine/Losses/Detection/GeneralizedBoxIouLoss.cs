using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct GeneralizedBoxIouLoss(BoxOverlap overlap) : IBoxLoss<GeneralizedBoxIouLoss>
{
    private static readonly Parameter Eps = BoxOverlap.EpsParameter(1e-7);

    public static LossCard Card { get; } = new()
    {
        Name = "generalized_box_iou_loss",
        Family = "detection",
        Aliases = ["giou_loss", "giou"],
        Summary = "Adds to the missing overlap what is empty in the box around both (GIoU).",
        Formula = @"1-\frac{|B\cap T|}{|B\cup T|}+\frac{|C|-|B\cup T|}{|C|},\qquad C\supseteq B,T",
        References =
        [
            new("Rezatofighi et al., Generalized Intersection over Union, 2019", "https://arxiv.org/abs/1902.09630"),
            new("torchvision, ops.generalized_box_iou_loss", "https://docs.pytorch.org/vision/stable/generated/torchvision.ops.generalized_box_iou_loss.html"),
        ],
        Inputs = Boxes.Inputs,
        Items = Boxes.Items,
        Parameters = [Eps, BoxOverlap.EpsMode],
        Edges =
        [
            "Lies between 0 (coincident boxes) and 2 (boxes that are far apart); where one box contains the other it is 1 - IoU.",
            "Two boxes without area cost 1, or 2 at different places, by eps alone, and have gradient 0 in mode clamp.",
            .. Boxes.Edges,
        ],
        Presets =
        [
            new("torchvision", ("reduction", "none")),
            new("mmdet", ("eps_mode", "clamp"), ("tie", "pytorch"), ("avg_factor_eps", "1.1920929e-07")),
        ],
        Examples =
        [
            new("simple", "Two boxes of which the second misses its target.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]]}"""),
            new("mmdet", "A weight per corner, and the number of positives as divisor.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]],"weight":[[1,1,1,1],[0,0,0,0]],"avg_factor":1,"preset":"mmdet"}"""),
        ],
    };

    public static GeneralizedBoxIouLoss Configure(Settings settings) =>
        new(new(settings[Eps], settings.Word(BoxOverlap.EpsMode) == "clamp", settings.Tie));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(Box<V> box, Box<V> target) where V : struct, ILane<V>
    {
        V common = overlap.Common(box, target);
        V union = overlap.Floored(BoxOverlap.Union(box, target, common));
        V around = overlap.Floored(Box<V>.Around(box, target).Area);
        V empty = (around - union) / overlap.Denominator(around);
        return 1.0 - ((common / overlap.Denominator(union)) - empty);
    }
}
