using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MultiPositiveSoftmaxCrossEntropy : IOracle
{
    public string Loss => "multi_positive_softmax_cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        Tensor z = given["logits"];
        Tensor y = given["targets"];
        int axis = Ops.ClassAxis(z);
        Tensor total = y.sum(axis, keepdim: true);

        // A row without positives costs nothing and has no slope, not even in its targets.
        Tensor none = total.detach() == 0;
        Tensor share = where(none, zeros_like(y), y / where(none, ones_like(total), total));
        Tensor cost = Ops.Surprisal(z);

        // The shares add up to 1, so a constant may be moved out of the sum: with the loss itself as that constant the
        // slope of a target, (cost - loss) / Σy, does not come out of a difference of two quotients.
        Tensor loss = Ops.Times(share, cost).sum(axis, keepdim: true).detach();
        Tensor constant = where(loss.isinf(), zeros_like(loss), loss);
        Tensor rest = where(none, zeros_like(constant), constant);
        return new((Ops.Times(share, cost - constant).sum(axis, keepdim: true) + rest).squeeze(axis));
    }
}
