using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CosfaceLoss : IOracle
{
    public string Loss => "cosface_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor cosines = Cosines.Of(given);
        Tensor own = Ops.OneHot(given.Labels("targets"), cosines);
        Tensor z = given.Number("scale", 64) * (cosines - (given.Number("margin", 0.35) * own));
        return new((own * Ops.Surprisal(z)).sum(Ops.ClassAxis(z)));
    }
}
