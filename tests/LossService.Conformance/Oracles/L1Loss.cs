using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class L1Loss : IOracle
{
    public string Loss => "l1_loss";

    public OracleItems Items(OracleInputs given) => given.Weighted(
        nn.functional.l1_loss(given["predictions"], given["targets"], nn.Reduction.None));
}
