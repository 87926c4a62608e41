using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SupconLoss : IOracle
{
    public string Loss => "supcon_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor vectors = Batch.Vectors(given, "embeddings");
        var batch = new MinedBatch(given, normalizes: true, ofPairs: true);
        batch.Mine(batch.Distances("dot"), ofSimilarities: Batch.IsOfProducts(given));
        (Tensor positives, Tensor negatives) = (batch.Positives, batch.Negatives);
        Tensor candidates = positives.logical_or(negatives);
        Tensor scores = Batch.Similarities(given, vectors, vectors) / given.Number("temperature", 0.1);
        Tensor pairs = where(positives, Batch.Surprisal(scores, candidates, positives), zeros_like(scores));
        Tensor count = positives.sum(1);
        OracleItems items = batch.Whole(pairs.sum(1) / count.clamp_min(1), count > 0, "tuples");
        return items.Tally is { } tally ? items with { Tally = ("nonzero", tally.PerItem) } : items;
    }
}
