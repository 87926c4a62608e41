using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CompleteBoxIouLoss : IOracle
{
    public string Loss => "complete_box_iou_loss";

    public OracleItems Items(OracleInputs given)
    {
        var pair = new BoxPair(given);
        double more = given.Number("aspect_eps", 0);
        Tensor none = IsPoint(pair.Width, pair.Height + more)
            .logical_or(IsPoint(pair.TargetWidth, pair.TargetHeight + more));
        Tensor angle = Angle(pair.TargetWidth, pair.TargetHeight + more) - Angle(pair.Width, pair.Height + more);
        angle = where(none, zeros_like(angle), angle); // a box without sides has no aspect to differ in
        Tensor aspect = 4 / (Math.PI * Math.PI) * angle.square();
        Tensor alpha = aspect / (1 - pair.Iou + aspect + pair.Eps);
        if (given.NumberOrNull("alpha_gate", null) is double gate)
        {
            alpha = where(pair.Iou.detach() > gate, alpha, zeros_like(alpha));
        }

        alpha = given.Flag("detach_alpha", true) ? alpha.detach() : alpha;
        Tensor loss = pair.DistanceLoss + (alpha * aspect);
        return pair.Weighted(
            given.Flag("clamp", false) ? BoxPair.AtLeast(-BoxPair.AtLeast(-loss, -2), 0) : loss);
    }

    /// <summary>arctan(w / h), also where h is 0.</summary>
    private static Tensor Angle(Tensor width, Tensor height) =>
        where(IsPoint(width, height), ones_like(width), width).atan2(height);

    private static Tensor IsPoint(Tensor width, Tensor height) =>
        (width.detach() == 0).logical_and(height.detach() == 0);
}
