using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BoundedIouLoss : IOracle
{
    public string Loss => "bounded_iou_loss";

    public OracleItems Items(OracleInputs given)
    {
        var pair = new BoxPair(given, inParts: true);
        double eps = given.Number("eps", 1e-3);
        double beta = given.Number("beta", 0.2);
        Tensor x = (pair.TX1 + pair.TX2 - pair.X1 - pair.X2) / 2;
        Tensor y = (pair.TY1 + pair.TY2 - pair.Y1 - pair.Y2) / 2;
        Tensor cost = stack(
            [
                Centre(x, pair.TargetWidth, eps), Centre(y, pair.TargetHeight, eps),
                Side(pair.Width, pair.TargetWidth, eps), Side(pair.Height, pair.TargetHeight, eps),
            ],
            dim: -1);
        return given.Weighted(where(cost.detach() < beta, cost.square() * (0.5 / beta), cost - (0.5 * beta)));
    }

    private static Tensor Centre(Tensor offset, Tensor side, double eps)
    {
        Tensor ratio = (side - (2 * offset.abs())) / (side + (2 * offset.abs()) + eps);
        return 1 - ratio.maximum(zeros_like(ratio));
    }

    private static Tensor Side(Tensor side, Tensor target, double eps) =>
        1 - (target / (side + eps)).minimum(side / (target + eps));
}
