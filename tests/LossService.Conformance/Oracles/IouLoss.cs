using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class IouLoss : IOracle
{
    public string Loss => "iou_loss";

    public OracleItems Items(OracleInputs given)
    {
        var pair = new BoxPair(given);
        double eps = given.Number("eps", 1e-6);
        Tensor iou = BoxPair.AtLeast(pair.Intersection / BoxPair.AtLeast(pair.Union, eps), eps);
        return pair.Weighted(given.Word("mode", "log") switch
        {
            "log" => -iou.log(),
            "linear" => 1 - iou,
            _ => 1 - iou.square(),
        });
    }
}
