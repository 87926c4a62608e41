using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class TripletMarginLoss : IOracle
{
    public string Loss => "triplet_margin_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor anchor = given["anchor"];
        Tensor positive = given["positive"];
        Tensor negative = given["negative"];
        bool soft = given.Flag("soft_margin", false);

        Tensor near = Ops.Distance(anchor, positive, given);
        Tensor far = Ops.Distance(anchor, negative, given);
        if (given.Flag("swap", false))
        {
            far = far.minimum(Ops.Distance(positive, negative, given)); // equal distances share the gradient
        }

        Tensor excess = near - far + given.Number("margin", soft ? 0 : 1);
        return given.Weighted(soft ? Ops.Softplus(excess) : Ops.Hinge(excess, given));
    }
}
