using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BinaryCrossEntropyWithLogits : IOracle
{
    public string Loss => "binary_cross_entropy_with_logits";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        Tensor y = Ops.Smooth(given["targets"], given);
        Tensor? positive = given.Constant("pos_weight") is Tensor factors ? Ops.AlongClasses(factors, x) : null;
        if (given.IsPeer)
        {
            return given.Weighted(nn.functional.binary_cross_entropy_with_logits(
                x, y, reduction: nn.Reduction.None, pos_weights: positive));
        }

        // Torch's own function forms x - log(1 + e^x) for y = 0, which cancels for negative x.
        Tensor pull = positive is null ? y : positive * y;
        return given.Weighted((pull * Ops.Softplus(-x)) + ((1 - y) * Ops.Softplus(x)));
    }
}
