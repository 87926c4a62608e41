using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class KlDivergence : IOracle
{
    public string Loss => "kl_divergence";

    public OracleItems Items(OracleInputs given)
    {
        var p = Distribution.Read(given, given.Which("p", "log_p", "p_logits"));
        var q = Distribution.Read(given, given.Which("q", "log_q", "q_logits"));
        Tensor elements = (p.CrossEntropyTerms(q) - p.EntropyTerms) / Ops.LogBase(given);

        // As PyTorch has it, the items, and so the count of the mean, are the elements.
        return new(given.Word("class_reduction", "sum") == "none" ? elements : elements.sum(Ops.ClassAxis(elements)));
    }
}
