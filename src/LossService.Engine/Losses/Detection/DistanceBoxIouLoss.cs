using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct DistanceBoxIouLoss(BoxOverlap overlap) : IBoxLoss<DistanceBoxIouLoss>
{
    private static readonly Parameter Eps = BoxOverlap.EpsParameter(1e-7);

    public static LossCard Card { get; } = new()
    {
        Name = "distance_box_iou_loss",
        Family = "detection",
        Aliases = ["diou_loss", "diou"],
        Summary = "Adds to the missing overlap the distance of the centres (DIoU).",
        Formula = @"1-\mathrm{IoU}(B,T)+\frac{\rho^2(b,t)}{c^2}",
        References =
        [
            new("Zheng et al., Distance-IoU Loss, 2020", "https://arxiv.org/abs/1911.08287"),
            new("torchvision, ops.distance_box_iou_loss", "https://docs.pytorch.org/vision/stable/generated/torchvision.ops.distance_box_iou_loss.html"),
        ],
        Inputs = Boxes.Inputs,
        Items = Boxes.Items,
        Parameters = [Eps],
        Edges =
        [
            "b and t are the centres, c the diagonal of the box around both; eps is added to its square and to the union.",
            "Boxes that are apart still attract each other: their gradient is that of the distance.",
            .. Boxes.Edges,
        ],
        Presets = [new("torchvision", ("reduction", "none")), new("mmdet", ("tie", "pytorch"), ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("simple", "Two boxes of which the second misses its target.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]]}"""),
        ],
    };

    public static DistanceBoxIouLoss Configure(Settings settings) =>
        new(new(settings[Eps], clamps: false, settings.Tie));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(Box<V> box, Box<V> target) where V : struct, ILane<V> =>
        1.0 - overlap.Iou(box, target) + overlap.CentreDistance(box, target);
}
