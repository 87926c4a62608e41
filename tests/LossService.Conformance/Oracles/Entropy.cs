using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class Entropy : IOracle
{
    public string Loss => "entropy";

    public OracleItems Items(OracleInputs given)
    {
        string input = given.Which("p", "logits");
        return new(Distribution.Read(given, input).Entropy / Ops.LogBase(given));
    }
}
