using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class VarifocalLoss : IOracle
{
    public string Loss => "varifocal_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        Tensor t = given["targets"];
        Tensor entropy = (t * Ops.Softplus(-x)) + ((1 - t) * Ops.Softplus(x));
        Tensor fading = Ops.Sigmoid(x).pow(given.Number("gamma", 2)) * given.Number("alpha", 0.75);
        Tensor fitting = given.Flag("iou_weighted", true) ? t * entropy : entropy;
        return given.Weighted(where(t.detach() > 0, fitting, fading * Ops.Softplus(x)));
    }
}
