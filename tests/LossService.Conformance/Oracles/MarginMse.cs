using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MarginMse : IOracle
{
    public string Loss => "margin_mse";

    public OracleItems Items(OracleInputs given)
    {
        return given.Weighted((given["positive_scores"] - given["negative_scores"] - given["targets"]).square());
    }
}
