using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MultiSimilarityLoss : IOracle
{
    public string Loss => "multi_similarity_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: true, ofPairs: true);
        bool ofSimilarities = Batch.IsOfProducts(given);
        Tensor distances = batch.Distances("dot");
        batch.Mine(distances, ofSimilarities);
        Tensor positives = batch.Positives;
        Tensor negatives = batch.Negatives;
        if (distances.shape[0] == 0)
        {
            return new(distances.sum(1));
        }

        double alpha = given.Number("alpha", 2);
        double beta = given.Number("beta", 50);
        double border = given.Number("base", 0.5);
        Tensor beyond = distances - (ofSimilarities ? -border : border);
        Tensor items = (Side(alpha * beyond, positives) / alpha) + (Side(-beta * beyond, negatives) / beta);
        Tensor formed = positives.logical_or(negatives).any(1);
        return batch.Whole(items, formed, "anchors");
    }

    // log(1 + Σ e^v) over the pairs that count.
    private static Tensor Side(Tensor exponents, Tensor counts)
    {
        Tensor counted = where(counts, exponents, full([1], double.NegativeInfinity, dtype: exponents.dtype));
        Tensor top = counted.detach().amax([1], keepdim: true).clamp_min(0);
        Tensor rest = (counted - top).exp().sum(1);
        Tensor shift = top.squeeze(1);
        return where(shift == 0, rest.log1p(), shift + (rest + (-shift).exp()).log());
    }
}
