using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BinaryCrossEntropy : IOracle
{
    public string Loss => "binary_cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        // Torch clamps the logarithm and the gradient's denominator separately, at constants of its own.
        if (given.Number("log_min", -100) != -100 || given.Number("denominator_min", 1e-12) != 1e-12)
        {
            throw new NotSupportedException("torch clamps at -100 and 1e-12 only");
        }

        return given.Weighted(nn.functional.binary_cross_entropy(
            given["probabilities"], given["targets"], reduction: nn.Reduction.None));
    }
}
