using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct IouLoss(BoxOverlap overlap, IouLoss.Curve curve, double least) : IBoxLoss<IouLoss>
{
    /// <summary>What becomes of the overlap, in the order of the words of <c>mode</c>.</summary>
    internal enum Curve
    {
        Log,
        Linear,
        Square,
    }

    private static readonly Parameter Mode = Parameter.Choice(
        "mode", ["log", "linear", "square"], "What becomes of the overlap: log (-log IoU), linear (1 - IoU), square (1 - IoU^2).");

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-6, "The least IoU and the least union.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "iou_loss",
        Family = "detection",
        Aliases = ["iou"],
        Summary = "Measures how little a box overlaps its target: intersection over union.",
        Formula = @"-\log\max\left(\frac{|B\cap T|}{|B\cup T|},\epsilon\right)",
        References =
        [
            new("Yu et al., UnitBox: An Advanced Object Detection Network, 2016", "https://arxiv.org/abs/1608.01471"),
            new("mmdetection, IoULoss", "https://mmdetection.readthedocs.io/en/v2.10.0/_modules/mmdet/models/losses/iou_loss.html"),
        ],
        Inputs = Boxes.Inputs,
        Items = Boxes.Items,
        Parameters = [Mode, Eps],
        Edges =
        [
            "Boxes that do not overlap cost -log eps (13.8 in mode log) and have gradient 0, so that they never meet: the note no_overlap counts them.",
            .. Boxes.Edges,
        ],
        Presets = [new("mmdet", ("tie", "pytorch"), ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("simple", "Two boxes of which the second misses its target.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]]}"""),
            new("linear", "1 - IoU, box by box.",
                """{"boxes":[[0,0,3,3.5]],"target_boxes":[[1,1,5,4]],"mode":"linear","reduction":"none"}"""),
        ],
    };

    public static IouLoss Configure(Settings settings)
    {
        double eps = settings[Eps];
        return new(new(eps, clamps: true, settings.Tie), (Curve)(int)settings[Mode], eps);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(Box<V> box, Box<V> target) where V : struct, ILane<V>
    {
        V iou = V.Max(overlap.Iou(box, target), least);
        return curve switch
        {
            Curve.Log => -V.Log(iou),
            Curve.Linear => 1.0 - iou,
            _ => 1.0 - (iou * iou),
        };
    }
}
