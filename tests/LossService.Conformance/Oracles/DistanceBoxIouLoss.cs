using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class DistanceBoxIouLoss : IOracle
{
    public string Loss => "distance_box_iou_loss";

    public OracleItems Items(OracleInputs given)
    {
        var pair = new BoxPair(given);
        return pair.Weighted(pair.DistanceLoss);
    }
}
