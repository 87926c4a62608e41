using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class GeneralizedBoxIouLoss : IOracle
{
    public string Loss => "generalized_box_iou_loss";

    public OracleItems Items(OracleInputs given)
    {
        var pair = new BoxPair(given);
        Tensor around = pair.AroundWidth * pair.AroundHeight;
        if (given.Word("eps_mode", "add") == "add")
        {
            return pair.Weighted(1 - (pair.Iou - ((around - pair.Union) / (around + pair.Eps))));
        }

        Tensor union = BoxPair.AtLeast(pair.Union, pair.Eps);
        around = BoxPair.AtLeast(around, pair.Eps);
        return pair.Weighted(1 - ((pair.Intersection / union) - ((around - union) / around)));
    }
}
