using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class OrdinalLoss : IOracle
{
    public string Loss => "ordinal_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        int axis = Ops.ClassAxis(x);
        Tensor thresholds = Ops.AlongClasses(arange(1, x.shape[axis] + 1), x);
        Tensor reached = given.Labels("targets").unsqueeze(axis) >= thresholds;
        return new(where(reached, Ops.Softplus(-x), Ops.Softplus(x)).sum(axis));
    }
}
