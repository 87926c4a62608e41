using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class PseudoHuberLoss : IOracle
{
    public string Loss => "pseudo_huber_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor d = given["predictions"] - given["targets"];
        double delta = given.Number("delta", 1);
        Tensor root = (1 + (d / delta).square()).sqrt();
        return given.Weighted(given.IsPeer ? delta * delta * (root - 1) : d.square() / (root + 1));
    }
}
