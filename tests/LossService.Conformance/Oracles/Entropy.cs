using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class Entropy : IOracle
{
    public string Loss => "entropy";

    public OracleItems Items(OracleInputs given)
    {
        var p = Distribution.Read(given, given.Which("p", "log_p", "p_logits"));
        return new(p.Entropy / Ops.LogBase(given));
    }
}
