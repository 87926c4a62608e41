using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CdpoLoss : IOracle
{
    public string Loss => "cdpo_loss";

    public OracleItems Items(OracleInputs given)
    {
        double smoothing = given.Number("label_smoothing", 0);
        Tensor h = Preference.Margin(given);
        return new(((1 - smoothing) * Ops.Softplus(-h)) + (smoothing * Ops.Softplus(h)));
    }
}
