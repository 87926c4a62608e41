using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>Predicted boxes and their targets, a tensor a corner, and what losses of boxes have in common.</summary>
internal sealed class BoxPair
{
    private readonly OracleInputs _given;

    /// <summary>Takes the boxes; with four items a box, none is hidden before all of its items are.</summary>
    public BoxPair(OracleInputs given, bool inParts = false)
    {
        _given = given;
        (X1, Y1, X2, Y2) = Corners(inParts ? Shown(given.Leaf("boxes")) : given["boxes"]);
        (TX1, TY1, TX2, TY2) = Corners(inParts ? Shown(given.Leaf("target_boxes")) : given["target_boxes"]);
        Eps = given.Number("eps", 1e-7);
    }

    public Tensor X1 { get; }

    public Tensor Y1 { get; }

    public Tensor X2 { get; }

    public Tensor Y2 { get; }

    public Tensor TX1 { get; }

    public Tensor TY1 { get; }

    public Tensor TX2 { get; }

    public Tensor TY2 { get; }

    public double Eps { get; }

    public Tensor Width => X2 - X1;

    public Tensor Height => Y2 - Y1;

    public Tensor TargetWidth => TX2 - TX1;

    public Tensor TargetHeight => TY2 - TY1;

    public Tensor Areas => (Width * Height) + (TargetWidth * TargetHeight);

    public Tensor Intersection => Ops.Hinge(X2.minimum(TX2) - X1.maximum(TX1), _given)
        * Ops.Hinge(Y2.minimum(TY2) - Y1.maximum(TY1), _given);

    public Tensor Union => Areas - Intersection;

    public Tensor AroundWidth => X2.maximum(TX2) - X1.minimum(TX1);

    public Tensor AroundHeight => Y2.maximum(TY2) - Y1.minimum(TY1);

    /// <summary>With eps added to the union, as in torchvision.</summary>
    public Tensor Iou => Intersection / (Union + Eps);

    /// <summary>1 - IoU + the squared distance of centres over the squared diagonal.</summary>
    public Tensor DistanceLoss
    {
        get
        {
            Tensor diagonal = AroundWidth.square() + AroundHeight.square() + Eps;
            Tensor x = (X1 + X2) / 2 - ((TX1 + TX2) / 2);
            Tensor y = (Y1 + Y2) / 2 - ((TY1 + TY2) / 2);
            return 1 - Iou + ((x.square() + y.square()) / diagonal);
        }
    }

    /// <summary>Weighted items; of weights of corners a box takes the mean.</summary>
    public OracleItems Weighted(Tensor losses)
    {
        if (_given.Constant("weight") is not Tensor weight)
        {
            return new(losses);
        }

        weight = weight.dim() > losses.dim() ? weight.mean([-1]) : weight;
        return new(losses * weight) { Weights = weight };
    }

    /// <summary>At least a bound; at the bound half of the slope, as torch.maximum has it.</summary>
    public static Tensor AtLeast(Tensor x, double bound) => x.maximum(full_like(x, bound));

    /// <summary>A quotient that is 0, without slope, where it is 0 / 0.</summary>
    public static Tensor Ratio(Tensor part, Tensor whole)
    {
        Tensor none = whole.detach() == 0;
        return where(none, zeros_like(part), part / where(none, ones_like(whole), whole));
    }

    private Tensor Shown(Tensor boxes)
    {
        if (_given.Mask is not Tensor mask)
        {
            return boxes;
        }

        Tensor keep = mask.dim() == boxes.dim() ? mask.any(-1, keepdim: true) : mask.unsqueeze(-1);
        return where(keep.expand(boxes.shape), boxes, full_like(boxes, 0.5));
    }

    private static (Tensor X1, Tensor Y1, Tensor X2, Tensor Y2) Corners(Tensor boxes) =>
        (boxes.select(-1, 0), boxes.select(-1, 1), boxes.select(-1, 2), boxes.select(-1, 3));
}
