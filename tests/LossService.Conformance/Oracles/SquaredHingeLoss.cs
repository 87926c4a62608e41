using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SquaredHingeLoss : IOracle
{
    public string Loss => "squared_hinge_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor reached = given["targets"] * given["predictions"];
        return given.Weighted(Ops.Hinge(given.Number("margin", 1) - reached, given).square());
    }
}
