using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ExpectileLoss : IOracle
{
    public string Loss => "expectile_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor d = given["predictions"] - given["targets"];
        double tau = given.Number("tau", 0.5);
        Tensor weight = (tau - (d.detach() > 0).to(d.dtype)).abs();
        return given.Weighted(weight * d.square());
    }
}
