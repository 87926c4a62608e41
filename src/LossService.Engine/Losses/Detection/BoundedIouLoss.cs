using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct BoundedIouLoss(double beta, double eps) : IBoxPartLoss<BoundedIouLoss>
{
    private static readonly Parameter Beta = Parameter.Number(
        "beta", 0.2, "The cost of a coordinate below which it becomes quadratic.", min: 0, minOpen: true);

    private static readonly Parameter Eps = BoxOverlap.EpsParameter(1e-3);

    public static LossCard Card { get; } = new()
    {
        Name = "bounded_iou_loss",
        Family = "detection",
        Aliases = ["bounded_iou"],
        Summary = "Bounds the overlap from each coordinate alone: centre x, y, width and height.",
        Formula = @"\mathrm{smooth}_\beta\Bigl(\min\bigl(1,\tfrac{4|\Delta x|+\epsilon}{w_t+2|\Delta x|+\epsilon}\bigr)\Bigr),\ \dots,\ \mathrm{smooth}_\beta\Bigl(1-\min\bigl(\tfrac{w_t}{w+\epsilon},\tfrac{w}{w_t+\epsilon}\bigr)\Bigr),\ \dots",
        References =
        [
            new("Tychsen-Smith and Petersson, Improving Object Localization with Fitness NMS and Bounded IoU Loss, 2018", "https://arxiv.org/abs/1711.00164"),
            new("mmdetection, BoundedIoULoss", "https://mmdetection.readthedocs.io/en/latest/_modules/mmdet/models/losses/iou_loss.html"),
        ],
        Inputs =
        [
            Boxes.Inputs[0],
            Boxes.Inputs[1],
            new(Common.WeightName, "N 4 | N", "A weight per item, or per box.")
            {
                Optional = true,
                Domain = Domain.NonNegative,
            },
        ],
        Items = "N 4 | 4",
        Parameters = [Beta, Eps],
        Edges =
        [
            "A box makes four items: what its centre misses along x and y, then its width and height. A mean divides by all of them, as in mmdetection.",
            "Centres apart by half of the target's side or more cost 1 - beta / 2, and have gradient 0 along that axis.",
            "Equal sides still cost a little, since eps is added to one of them only; they share the slope, a half each.",
            Boxes.Edges[2],
        ],
        Presets = [new("mmdet", ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("simple", "Two boxes of which the second misses its target.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]]}"""),
            new("items", "Centre x and y, width and height of one box.",
                """{"boxes":[[0,0,3,3.5]],"target_boxes":[[1,1,5,4]],"reduction":"none"}"""),
        ],
    };

    public static int Parts => 4;

    public static BoundedIouLoss Configure(Settings settings) => new(settings[Beta], settings[Eps]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Part<V>(BoundedIouLoss loss, int part, Box<V> box, Box<V> target) where V : struct, ILane<V> =>
        loss.Smooth(part switch
        {
            0 => loss.Centre(0.5 * (target.X1 + target.X2 - box.X1 - box.X2), target.Width),
            1 => loss.Centre(0.5 * (target.Y1 + target.Y2 - box.Y1 - box.Y2), target.Height),
            2 => loss.Side(box.Width, target.Width),
            _ => loss.Side(box.Height, target.Height),
        });

    // 1 - max(0, (t - 2 |d|) / (t + 2 |d| + eps)), without the difference to 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Centre<V>(V offset, V side) where V : struct, ILane<V>
    {
        V apart = 2 * V.Abs(offset);
        return V.Min(((2 * apart) + eps) / (side + apart + eps), 1);
    }

    // 1 - min(t / (s + eps), s / (t + eps)), likewise.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Side<V>(V side, V target) where V : struct, ILane<V>
    {
        V wider = side - target;
        return V.Max((wider + eps) / (side + eps), (eps - wider) / (target + eps));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Smooth<V>(V cost) where V : struct, ILane<V> =>
        V.Select(cost < beta, 0.5 / beta * (cost * cost), cost - (0.5 * beta));
}
