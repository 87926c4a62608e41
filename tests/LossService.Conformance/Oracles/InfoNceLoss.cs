using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class InfoNceLoss : IOracle
{
    public string Loss => "info_nce_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor queries = Batch.Vectors(given, "queries");
        Tensor kept = Batch.Kept(given, queries);
        Tensor scores =
            Batch.Similarities(given, queries, Batch.Vectors(given, "keys")) / given.Number("temperature", 0.05);
        Tensor own = diag(kept);
        return new(where(own, Batch.Surprisal(scores, Batch.Pairs(kept), own), zeros_like(scores)).sum(1));
    }
}
