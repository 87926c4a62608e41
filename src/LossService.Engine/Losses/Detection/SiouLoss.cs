using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Detection;

internal readonly struct SiouLoss(BoxOverlap overlap, double eps, bool negates, bool clamps) : IBoxLoss<SiouLoss>
{
    private static readonly Parameter NegGamma = Parameter.Flag(
        "neg_gamma", true, "The sign of the paper, by which distance costs; off, as by mmdetection's default, it pays.");

    private static readonly Parameter Eps = BoxOverlap.EpsParameter(1e-7);

    private static readonly Parameter Clamp = Parameter.Flag(
        "clamp", false, "Keeps the loss within [0, 2], as mmdetection does.");

    public static LossCard Card { get; } = new()
    {
        Name = "siou_loss",
        Family = "detection",
        Aliases = ["siou", "scylla_iou_loss"],
        Summary = "Adds to the missing overlap the angle, distance and shape of boxes (SIoU).",
        Formula = @"1-\mathrm{IoU}+\tfrac12(\Delta+\Omega),\quad \Delta=\sum_{x,y}1-e^{-(2-\Lambda)\rho},\ \Omega=\sum_{w,h}(1-e^{-\omega})^4,\ \Lambda=\sin 2\alpha",
        References =
        [
            new("Gevorgyan, SIoU Loss: More Powerful Learning for Bounding Box Regression, 2022", "https://arxiv.org/abs/2205.12740"),
            new("mmdetection, SIoULoss", "https://mmdetection.readthedocs.io/en/latest/_modules/mmdet/models/losses/iou_loss.html"),
        ],
        Inputs = Boxes.Inputs,
        Items = Boxes.Items,
        Parameters = [NegGamma, Eps, Clamp],
        Edges =
        [
            "The offsets of the centres have eps added, as in mmdetection, so that coincident centres have an angle.",
            "Sides of length 0 differ by nothing and are at no distance, where mmdetection divides 0 by 0.",
            .. Boxes.Edges,
        ],
        Presets = [new("mmdet", ("neg_gamma", "false"), ("clamp", "true"), ("tie", "pytorch"), ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("simple", "Two boxes of which the second misses its target.",
                """{"boxes":[[0,0,3,3.5],[0,0,1,1]],"target_boxes":[[1,1,5,4],[2,2,3,3]]}"""),
        ],
    };

    public static SiouLoss Configure(Settings settings) => new(
        new(settings[Eps], clamps: false, settings.Tie), settings[Eps], settings.IsOn(NegGamma), settings.IsOn(Clamp));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(Box<V> box, Box<V> target) where V : struct, ILane<V>
    {
        Box<V> around = Box<V>.Around(box, target);
        V x = (0.5 * (target.X1 + target.X2 - box.X1 - box.X2)) + eps;
        V y = (0.5 * (target.Y1 + target.Y2 - box.Y1 - box.Y2)) + eps;
        V angle = 2 * Ratio(V.Abs(x) * V.Abs(y), (x * x) + (y * y)); // the sine of twice the angle of the centres
        V gamma = negates ? angle - 2.0 : 2.0 - angle;
        V distance = -(Far(gamma, Ratio(x, around.Width)) + Far(gamma, Ratio(y, around.Height)));
        V shape = Unlike(box.Width, target.Width) + Unlike(box.Height, target.Height);
        V loss = 1.0 - overlap.Iou(box, target) + (0.5 * (distance + shape));
        return clamps ? V.Min(V.Max(loss, 0), 2) : loss;
    }

    // e^(gamma · rho²) - 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Far<V>(V gamma, V offset) where V : struct, ILane<V> => V.Expm1(gamma * (offset * offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Unlike<V>(V side, V other) where V : struct, ILane<V>
    {
        V apart = V.Expm1(-Ratio(V.Abs(side - other), V.Max(side, other)));
        V square = apart * apart;
        return square * square;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Ratio<V>(V part, V whole) where V : struct, ILane<V> =>
        V.Select(V.Same(whole, 0), 0, part / whole);
}
