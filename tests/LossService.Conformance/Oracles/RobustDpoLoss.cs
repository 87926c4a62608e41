using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class RobustDpoLoss : IOracle
{
    public string Loss => "robust_dpo_loss";

    public OracleItems Items(OracleInputs given)
    {
        double smoothing = given.Number("label_smoothing", 0);
        Tensor h = Preference.Margin(given);
        return new((((1 - smoothing) * Ops.Softplus(-h)) - (smoothing * Ops.Softplus(h))) / (1 - (2 * smoothing)));
    }
}
