using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MseLoss : IOracle
{
    public string Loss => "mse_loss";

    public OracleItems Items(OracleInputs given) => given.Weighted(
        nn.functional.mse_loss(given["predictions"], given["targets"], nn.Reduction.None)
        * (given.Flag("half", false) ? 0.5 : 1));
}
