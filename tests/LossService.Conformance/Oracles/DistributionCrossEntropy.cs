using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class DistributionCrossEntropy : IOracle
{
    public string Loss => "distribution_cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        var p = Distribution.Read(given, given.Which("p", "log_p", "p_logits"));
        var q = Distribution.Read(given, given.Which("q", "log_q", "q_logits"));
        return new(p.CrossEntropy(q) / Ops.LogBase(given));
    }
}
