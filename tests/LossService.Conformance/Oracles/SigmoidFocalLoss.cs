using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SigmoidFocalLoss : IOracle
{
    public string Loss => "sigmoid_focal_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["logits"];
        Tensor y = ClassTargets.AreLabels(given, "logits") ? Ops.OneHot(given.Labels("targets"), x) : given["targets"];
        double gamma = given.Number("gamma", 2);

        Tensor miss = (y * Ops.Sigmoid(-x)) + ((1 - y) * Ops.Sigmoid(x)); // 1 - p_t
        Tensor losses = miss.pow(gamma) * ((y * Ops.Softplus(-x)) + ((1 - y) * Ops.Softplus(x)));
        if (given.NumberOrNull("alpha", 0.25) is double alpha and not -1)
        {
            losses = losses * ((alpha * y) + ((1 - alpha) * (1 - y)));
        }

        return given.Weighted(losses);
    }
}
