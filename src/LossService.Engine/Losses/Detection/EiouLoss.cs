using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct EiouLoss(double eps, double smooth) : IBoxLoss<EiouLoss>
{
    private static readonly Parameter SmoothPoint = Parameter.Number(
        "smooth_point", 0.1, "The loss below which it becomes quadratic.", min: 0, minOpen: true);

    private static readonly Parameter Eps = BoxOverlap.EpsParameter(1e-7);

    public static LossCard Card { get; } = new()
    {
        Name = "eiou_loss",
        Family = "detection",
        Aliases = ["eiou", "extended_iou_loss"],
        Summary = "Extends the overlap to boxes that are apart, where it becomes negative (EIoU).",
        Formula = @"\ell<s:\ \frac{\ell^2}{2s},\quad\text{else}\ \ell-\frac{s}{2},\qquad \ell=1-\frac{I}{|B|+|T|-I+\epsilon}",
        References =
        [
            new("Peng and Yu, A Systematic IoU-Related Method: Extended-IoU, 2021", "https://ieeexplore.ieee.org/abstract/document/9429909"),
            new("mmdetection, EIoULoss", "https://mmdetection.readthedocs.io/en/latest/_modules/mmdet/models/losses/iou_loss.html"),
        ],
        Inputs = Boxes.Inputs,
        Items = Boxes.Items,
        Parameters = [SmoothPoint, Eps],
        Edges =
        [
            "I is the intersection where boxes overlap; where they are apart, it is negative by the area between them, so that they attract each other.",
            "Other losses of this name add the distances of centres, widths and heights; this is mmdetection's.",
            Boxes.Edges[0],
            Boxes.Edges[2],
        ],
        Presets = [new("mmdet", ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("simple", "Two boxes of which the second misses its target.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]]}"""),
        ],
    };

    public static EiouLoss Configure(Settings settings) => new(settings[Eps], settings[SmoothPoint]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(Box<V> box, Box<V> target) where V : struct, ILane<V>
    {
        Box<V> both = Box<V>.Between(box, target);
        V left = V.Min(box.X1, target.X1);
        V top = V.Min(box.Y1, target.Y1);
        // The paper adds and subtracts four areas that start at the corner of the box around both. Sorted by the signs
        // of the sides they leave this, in which nothing cancels.
        V width = V.Max(both.Width, 0);
        V height = V.Max(both.Height, 0);
        V gapX = V.Min(both.Width, 0);
        V gapY = V.Min(both.Height, 0);
        V common = (width * height) + (gapX * ((2 * (both.Y1 - top)) + height))
            + (gapY * ((2 * (both.X1 - left)) + width)) + (2 * (gapX * gapY));
        V miss = 1.0 - (common / (box.Area + target.Area - common + eps));
        return V.Select(miss < smooth, 0.5 / smooth * (miss * miss), miss - (0.5 * smooth));
    }
}
