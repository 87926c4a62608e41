using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ClipLoss : IOracle
{
    public string Loss => "clip_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor queries = Batch.Vectors(given, "queries");
        Tensor kept = Batch.Kept(given, queries);
        Tensor scores =
            Batch.Similarities(given, queries, Batch.Vectors(given, "keys")) / given.Number("temperature", 0.07);
        Tensor own = diag(kept);
        Tensor both = Batch.Surprisal(scores, Batch.Pairs(kept), own) + Batch.Surprisal(scores.t(), Batch.Pairs(kept), own);
        return new(where(own, both / 2, zeros_like(scores)).sum(1));
    }
}
