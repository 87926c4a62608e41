using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class TripletHardLoss : IOracle
{
    public string Loss => "triplet_hard_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: false);
        Tensor distances = batch.Distances();
        if (distances.shape[0] == 0)
        {
            return batch.Items(distances.sum(1), batch.Kept, "anchors");
        }

        Tensor none = full([1], double.PositiveInfinity, dtype: distances.dtype);
        Tensor positive = where(batch.Positives, distances.detach(), -none).argmax(1, keepdim: true);
        Tensor negative = where(batch.Negatives, distances.detach(), none).argmin(1, keepdim: true);
        Tensor alone = batch.Negatives.any(1).logical_not();
        Tensor near = distances.gather(1, positive).squeeze(1);
        Tensor far = where(alone, near, distances.gather(1, negative).squeeze(1));
        bool soft = given.Flag("soft_margin", false);
        Tensor lag = near - far + given.Number("margin", soft ? 0 : 1);
        Tensor formed = batch.Positives.any(1);
        if (given.Word("without_negatives", "skip") == "skip")
        {
            formed = formed.logical_and(alone.logical_not());
        }

        return batch.Items(soft ? Ops.Softplus(lag) : batch.Hinge(lag), formed, "anchors");
    }
}
