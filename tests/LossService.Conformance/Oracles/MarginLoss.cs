using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MarginLoss : IOracle
{
    public string Loss => "margin_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: true);
        Tensor distances = batch.Distances();
        batch.Mine(distances);
        double beta = given.Number("beta", 1.2);
        double margin = given.Number("margin", 0.2);
        Tensor costs = cat([batch.Hinge(distances - beta + margin), batch.Hinge(beta - distances + margin)], 1);
        return batch.Items(costs, batch.Pairs, "nonzero");
    }
}
