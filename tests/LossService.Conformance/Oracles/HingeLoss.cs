using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class HingeLoss : IOracle
{
    public string Loss => "hinge_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor y = given["targets"];
        y = where(y.detach() == 0, -ones_like(y), y); // 0 is the other name of -1
        return given.Weighted(Ops.Hinge(given.Number("margin", 1) - (y * given["predictions"]), given));
    }
}
