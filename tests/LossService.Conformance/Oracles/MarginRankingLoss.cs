using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MarginRankingLoss : IOracle
{
    public string Loss => "margin_ranking_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor lead = given["targets"] * (given["input1"] - given["input2"]);
        return given.Weighted(Ops.Hinge(given.Number("margin", 0) - lead, given));
    }
}
