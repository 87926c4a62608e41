using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SimpoLoss : IOracle
{
    public string Loss => "simpo_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor lead = Preference.Policy(given, "chosen", averages: true) - Preference.Policy(given, "rejected", averages: true);
        return new(Ops.Softplus(given.Number("simpo_gamma", 0.5) - (Preference.Beta(given) * lead)));
    }
}
