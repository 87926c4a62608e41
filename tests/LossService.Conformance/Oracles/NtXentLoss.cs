using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class NtXentLoss : IOracle
{
    public string Loss => "nt_xent_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor vectors = Batch.Vectors(given, "embeddings");
        var batch = new MinedBatch(given, normalizes: true, ofPairs: true);
        batch.Mine(batch.Distances("dot"), ofSimilarities: Batch.IsOfProducts(given));
        (Tensor positives, Tensor negatives) = (batch.Positives, batch.Negatives);
        bool apart = given.Word("denominator", "all") == "negatives_plus_positive";
        Tensor candidates =
            apart ? negatives.logical_and(positives.logical_not()) : negatives.logical_or(positives);
        Tensor scores = Batch.Similarities(given, vectors, vectors) / given.Number("temperature", 0.5);
        Tensor pairs = where(positives, Batch.Surprisal(scores, candidates, positives), zeros_like(scores));
        return batch.Items(pairs, positives, "tuples");
    }
}
