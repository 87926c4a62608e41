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
        Tensor angle = Angle(pair.TargetWidth, pair.TargetHeight + more) - Angle(pair.Width, pair.Height + more);
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

    /// <summary>arctan(w / h), also where h is 0; without sides there is no angle, and neither box has one.</summary>
    private static Tensor Angle(Tensor width, Tensor height)
    {
        Tensor none = (width.detach() == 0).logical_and(height.detach() == 0);
        return where(none, zeros_like(width), where(none, ones_like(width), width).atan2(height));
    }
}
