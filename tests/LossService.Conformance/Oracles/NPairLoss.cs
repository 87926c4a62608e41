using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class NPairLoss : IOracle
{
    public string Loss => "n_pair_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor anchors = Batch.Vectors(given, "anchor", normalizes: false);
        Tensor positives = Batch.Vectors(given, "positive", normalizes: false);
        Tensor kept = Batch.Kept(given, anchors);
        Tensor own = diag(kept);
        Tensor scores = Batch.Similarities(given, anchors, positives) / given.Number("temperature", 1);
        Tensor surprisal = Batch.Surprisal(scores, Batch.Pairs(kept), own);
        return new(where(own, surprisal, zeros_like(surprisal)).sum(1));
    }
}
