using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class JsDivergence : IOracle
{
    public string Loss => "js_divergence";

    public OracleItems Items(OracleInputs given)
    {
        var p = Distribution.Read(given, given.Which("p", "log_p", "p_logits"));
        var q = Distribution.Read(given, given.Which("q", "log_q", "q_logits"));
        Tensor elements = p.TermsFromMixture(q, 0.5) / Ops.LogBase(given);
        return new(elements.sum(Ops.ClassAxis(elements)));
    }
}
