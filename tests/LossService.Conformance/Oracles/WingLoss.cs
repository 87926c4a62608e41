using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class WingLoss : IOracle
{
    public string Loss => "wing_loss";

    public OracleItems Items(OracleInputs given)
    {
        double width = given.Number("width", 5);
        double curvature = given.Number("curvature", 0.5);
        Tensor a = (given["predictions"] - given["targets"]).abs();
        Tensor large = a - (width - (width * Math.Log(1 + (width / curvature))));
        return given.Weighted(where(a.detach() < width, width * (a / curvature).log1p(), large));
    }
}
