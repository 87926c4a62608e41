using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class EiouLoss : IOracle
{
    public string Loss => "eiou_loss";

    public OracleItems Items(OracleInputs given)
    {
        var pair = new BoxPair(given);
        Tensor left = pair.X1.minimum(pair.TX1);
        Tensor top = pair.Y1.minimum(pair.TY1);
        Tensor x1 = pair.X1.maximum(pair.TX1);
        Tensor y1 = pair.Y1.maximum(pair.TY1);
        Tensor x2 = pair.X2.minimum(pair.TX2);
        Tensor y2 = pair.Y2.minimum(pair.TY2);
        Tensor common = ((x2 - left) * (y2 - top))
            + ((x1.minimum(x2) - left) * (y1.minimum(y2) - top))
            - ((x1 - left) * (y1.maximum(y2) - top))
            - ((x1.maximum(x2) - left) * (y1 - top));
        Tensor overlaps = (x2 - x1 > 0).logical_and(y2 - y1 > 0);
        common = where(overlaps, (x2 - x1) * (y2 - y1), common); // the same, of which the second derivative is exact
        if ((pair.Areas.detach() < 1e-3).any().item<bool>())
        {
            throw new NotSupportedException("Where neither box has an area, slopes are of the size of eps, and noise.");
        }

        Tensor miss = 1 - (common / (pair.Areas - common + pair.Eps));
        double smooth = given.Number("smooth_point", 0.1);
        return pair.Weighted(where(miss.detach() < smooth, 0.5 * miss.square() / smooth, miss - (0.5 * smooth)));
    }
}
