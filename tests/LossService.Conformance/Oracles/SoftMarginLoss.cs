using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SoftMarginLoss : IOracle
{
    public string Loss => "soft_margin_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor away = -given["targets"] * given["logits"];
        return given.Weighted(given.IsPeer ? away.exp().log1p() : Ops.Softplus(away)); // torch's own overflows
    }
}
