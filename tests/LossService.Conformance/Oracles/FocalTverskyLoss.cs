using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class FocalTverskyLoss : IOracle
{
    public string Loss => "focal_tversky_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given);
        return region.Items(region.Reduce(sum => TverskyLoss.Bent(
            TverskyLoss.Lost(region, given, sum, 0.3, 0.7), 1 / given.Number("gamma", 4.0 / 3))));
    }
}
