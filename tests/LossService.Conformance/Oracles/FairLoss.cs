using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class FairLoss : IOracle
{
    public string Loss => "fair_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor d = given["predictions"] - given["targets"];
        double c = given.Number("c", 1);
        Tensor ratio = where(d.detach() < 0, -d, d) / c;
        return given.Weighted(c * c * (ratio - ratio.log1p()));
    }
}
