using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class JaccardLoss : IOracle
{
    public string Loss => "jaccard_loss";

    public OracleItems Items(OracleInputs given)
    {
        var region = new Region(given);
        return region.Items(region.Reduce(sum =>
        {
            Tensor both = sum(region.Predicted * region.Truth);
            Tensor apart = sum(region.Predicted * region.Untruth) + sum(region.Rest * region.Truth);
            return region.Lost(both, both + apart); // the union, whose slopes by t are 1 - p and not 1 minus p
        }));
    }
}
