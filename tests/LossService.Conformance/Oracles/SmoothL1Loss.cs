using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SmoothL1Loss : IOracle
{
    public string Loss => "smooth_l1_loss";

    public OracleItems Items(OracleInputs given) => given.Weighted(nn.functional.smooth_l1_loss(
        given["predictions"], given["targets"], nn.Reduction.None, given.Number("beta", 1)));
}
