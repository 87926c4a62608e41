using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class LiftedStructureLoss : IOracle
{
    public string Loss => "lifted_structure_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: false);
        Tensor distances = batch.Distances();
        batch.Mine(distances);
        if (distances.shape[0] == 0)
        {
            return batch.Whole(distances.sum(1), batch.Kept, "anchors");
        }

        Tensor near = MinedBatch.LogSum(distances - given.Number("positive_margin", 0), batch.Positives);
        Tensor far = MinedBatch.LogSum(given.Number("margin", 1) - distances, batch.Negatives);
        Tensor formed = batch.Positives.any(1).logical_and(batch.Negatives.any(1));
        return batch.Whole(batch.Hinge(near + far), formed, "anchors");
    }
}
