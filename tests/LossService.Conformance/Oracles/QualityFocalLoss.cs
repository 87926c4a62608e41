using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class QualityFocalLoss : IOracle
{
    public string Loss => "quality_focal_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        int axis = Ops.ClassAxis(x);
        Tensor s;
        if (ClassTargets.AreLabels(given, "logits"))
        {
            Tensor labels = given.Labels("targets");
            s = Ops.OneHot(labels, x);
            s = given.Has("scores") ? s * OracleInputs.PerItem(given["scores"].detach(), labels).unsqueeze(axis) : s;
        }
        else
        {
            s = given["targets"].detach();
        }

        Tensor miss = (s * Ops.Sigmoid(-x)) - ((1 - s) * Ops.Sigmoid(x));
        Tensor entropy = (s * Ops.Softplus(-x)) + ((1 - s) * Ops.Softplus(x));
        return given.Weighted((miss.abs().pow(given.Number("beta", 2)) * entropy).sum(axis));
    }
}
