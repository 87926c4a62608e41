using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class DiceLoss : IOracle
{
    public string Loss => "dice_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given);
        bool squares = given.Flag("squared_denominator", false);
        Tensor p = squares ? region.Predicted.square() : region.Predicted;
        Tensor t = squares ? region.Truth.square() : region.Truth;
        return region.Items(region.Reduce(sum => region.Lost(
            2 * sum(region.Predicted * region.Truth), sum(p) + sum(t))));
    }
}
