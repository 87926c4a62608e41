using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class TripletSemihardLoss : IOracle
{
    public string Loss => "triplet_semihard_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: false);
        Tensor distances = batch.Distances();
        long count = distances.shape[0];
        if (count == 0)
        {
            return batch.Items(distances, batch.Positives, "tuples");
        }

        // (anchor, positive, negative): the nearest negative that is farther; else the farthest.
        Tensor near = distances.detach().unsqueeze(2);
        Tensor far = distances.detach().unsqueeze(1);
        Tensor negative = batch.Negatives.unsqueeze(1);
        Tensor none = full([1], double.PositiveInfinity, dtype: distances.dtype);
        Tensor beyond = where(negative.logical_and(far > near), far, none);
        Tensor farthest = where(negative, far, -none).argmax(2).expand(count, count);
        Tensor chosen = where(beyond.amin([2]).isinf(), farthest, beyond.argmin(2));
        Tensor formed = batch.Positives;
        Tensor against = distances.gather(1, chosen);
        Tensor alone = batch.Negatives.any(1, keepdim: true).logical_not();
        against = where(alone, zeros_like(against), against);
        if (given.Word("without_negatives", "skip") == "skip")
        {
            formed = formed.logical_and(alone.logical_not());
        }

        return batch.Items(batch.Hinge(given.Number("margin", 1) + distances - against), formed, "tuples");
    }
}
