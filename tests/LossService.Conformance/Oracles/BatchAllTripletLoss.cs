using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BatchAllTripletLoss : IOracle
{
    public string Loss => "batch_all_triplet_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: false);
        Tensor distances = batch.Distances();
        Tensor near = distances.unsqueeze(2);
        Tensor far = distances.unsqueeze(1);
        batch.Mine(distances);
        return batch.Items(batch.Hinge(given.Number("margin", 1) + near - far), batch.Triplets, "nonzero");
    }
}
