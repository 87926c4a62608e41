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
            return region.Lost(both, sum(region.Predicted) + sum(region.Truth) - both);
        }));
    }
}
