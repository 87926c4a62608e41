using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CircleLoss : IOracle
{
    public string Loss => "circle_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: true, ofPairs: true);
        Tensor s = batch.Similarities();
        batch.Mine(-s, ofSimilarities: true);
        if (s.shape[0] == 0)
        {
            return batch.Whole(s.sum(1), batch.Kept, "nonzero");
        }

        double m = given.Number("margin", 0.4);
        double gamma = given.Number("gamma", 80);
        bool detaches = given.Flag("detach_weights", true);
        Tensor onPositive = (1 + m - s).relu();
        Tensor onNegative = (s + m).relu();
        onPositive = detaches ? onPositive.detach() : onPositive;
        onNegative = detaches ? onNegative.detach() : onNegative;
        Tensor attraction = MinedBatch.LogSum(-gamma * onPositive * (s - 1 + m), batch.Positives);
        Tensor repulsion = MinedBatch.LogSum(gamma * onNegative * (s - m), batch.Negatives);
        Tensor formed = batch.Positives.any(1).logical_and(batch.Negatives.any(1));
        return batch.Whole(Ops.Softplus(attraction + repulsion), formed, "nonzero");
    }
}
