using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MultilabelSoftMarginLoss : IOracle
{
    public string Loss => "multilabel_soft_margin_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        Tensor y = given["targets"];
        Tensor losses = (y * Ops.Softplus(-x)) + ((1 - y) * Ops.Softplus(x));
        if (given.Constant("weight") is Tensor weight)
        {
            losses = losses * Ops.AlongClasses(weight, x);
        }

        return new(losses.mean([Ops.ClassAxis(x)]));
    }
}
