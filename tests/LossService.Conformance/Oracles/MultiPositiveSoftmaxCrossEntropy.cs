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

        // A row without positives costs nothing: divide its zeros by 1.
        Tensor share = y / where(total.detach() == 0, ones_like(total), total);
        if (given.Constant("weight") is Tensor weight)
        {
            share = share * Ops.AlongClasses(weight, z);
        }

        return new(Ops.Times(share, Ops.Surprisal(z)).sum(axis));
    }
}
