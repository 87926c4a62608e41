using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class DpoLoss : IOracle
{
    public string Loss => "dpo_loss";

    public OracleItems Items(OracleInputs given)
    {
        return new(Ops.Softplus(-Preference.Margin(given)));
    }
}
