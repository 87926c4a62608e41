using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CpoLoss : IOracle
{
    public string Loss => "cpo_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor chosen = Preference.Policy(given, "chosen");
        Tensor prefers = Ops.Softplus(-Preference.Beta(given) * (chosen - Preference.Policy(given, "rejected")));
        Tensor likelihood = Preference.Lengths(given, given["policy_chosen_logps"], "chosen") is Tensor lengths ? chosen / lengths : chosen;
        return new(prefers - (given.Number("cpo_alpha", 1) * likelihood));
    }
}
