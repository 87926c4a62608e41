using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ArcfaceLoss : IOracle
{
    public string Loss => "arcface_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor cosines = Cosines.Of(given);
        double margin = given.Number("margin", 0.5);
        Tensor own = Ops.OneHot(given.Labels("targets"), cosines) == 1;
        Tensor edge = cosines.detach().abs() == 1;
        Tensor angle = where(edge, cosines.detach(), cosines).acos();
        Tensor moved = where(
            cosines.detach() < -Math.Cos(margin), cosines - (margin * Math.Sin(margin)), (angle + margin).cos());
        Tensor z = given.Number("scale", 64) * where(own, moved, cosines);
        return new(where(own, Ops.Surprisal(z), zeros_like(z)).sum(Ops.ClassAxis(z)));
    }
}
