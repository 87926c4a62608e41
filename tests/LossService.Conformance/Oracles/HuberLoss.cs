using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class HuberLoss : IOracle
{
    public string Loss => "huber_loss";

    public OracleItems Items(OracleInputs given) => given.Weighted(nn.functional.huber_loss(
        given["predictions"], given["targets"], given.Number("delta", 1), nn.Reduction.None));
}
