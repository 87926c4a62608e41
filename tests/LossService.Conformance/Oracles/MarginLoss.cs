using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class MarginLoss : IOracle
{
    public string Loss => "margin_loss";

    public OracleItems Items(OracleInputs given)
    {
        var batch = new MinedBatch(given, normalizes: true);
        Tensor distances = batch.Distances();
        batch.Mine(distances);
        Tensor beta = Beta(given);
        double margin = given.Number("margin", 0.2);
        bool ofTriplets = given.Word("form", "pairs") == "triplets";
        Tensor counts = ofTriplets ? batch.PairsOfTriplets : batch.Pairs;
        Tensor costs = cat([batch.Hinge(distances - beta + margin), batch.Hinge(beta - distances + margin)], 1);
        OracleItems items = batch.Items(costs, counts, "nonzero");
        Tensor charged = (ofTriplets ? batch.Triplets.sum([1L, 2L]) : counts.to(ScalarType.Float64).sum([1L])).to(costs.dtype);
        Tensor charges = given.Number("nu", 0) * (beta * ones_like(distances).narrow(1, 0, Math.Min(1, distances.shape[1]))).sum(1) * charged;
        bool perAnchor = given.Word("reducer", "nonzero") == "per_anchor";
        return items with { Losses = items.Losses + (perAnchor ? charges / counts.sum([1L]).clamp_min(1) : charges) };
    }

    private static Tensor Beta(OracleInputs given) => given.Has("betas")
        ? given.Leaf("betas")[given.Labels("labels")].unsqueeze(1)
        : full([1, 1], given.Number("beta", 1.2), given.Dtype);
}
