using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class LiftedStructureLoss : IOracle
{
    public string Loss => "lifted_structure_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: false, ofPairs: true);
        Tensor distances = batch.Distances();
        batch.Mine(distances);
        if (distances.shape[0] == 0)
        {
            return batch.Whole(distances.sum(1), batch.Kept, "anchors");
        }

        if (given.Word("form", "generalized") == "pairs")
        {
            return Pairs(batch, distances, given);
        }

        Tensor near = MinedBatch.LogSum(distances - given.Number("positive_margin", 0), batch.Positives);
        Tensor far = MinedBatch.LogSum(given.Number("margin", 1) - distances, batch.Negatives);
        Tensor formed = batch.Positives.any(1).logical_and(batch.Negatives.any(1));
        return batch.Whole(batch.Hinge(near + far), formed, "anchors");
    }

    // Oh Song et al., Deep Metric Learning via Lifted Structured Feature Embedding, 2016, equation 4.
    private static OracleItems Pairs(MinedBatch batch, Tensor distances, OracleInputs given)
    {
        long count = distances.shape[0];
        Tensor both = batch.Positives.logical_or(batch.Positives.t())
            .logical_and(batch.Negatives.logical_or(batch.Negatives.t()));
        if (!given.IsPeer && both.any().item<bool>())
        {
            throw new NotSupportedException("a pair that attracts and repels cancels to nothing but rounding");
        }

        Tensor[] grid = [distances.unsqueeze(1).expand(count, count, count), distances.unsqueeze(0).expand(count, count, count)];
        Tensor[] counts = [batch.Negatives.unsqueeze(1).expand(count, count, count), batch.Negatives.unsqueeze(0).expand(count, count, count)];
        Tensor exponents = (given.Number("margin", 1) - cat(grid, 2)).reshape(count * count, 2 * count);
        Tensor far = MinedBatch.LogSum(exponents, cat(counts, 2).reshape(count * count, 2 * count)).reshape(count, count);
        Tensor costs = (far + distances - given.Number("positive_margin", 0)).relu().square() / 2;
        return batch.Items(costs, batch.Positives.logical_and(cat(counts, 2).any(2)), "anchors");
    }
}
