using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CosineEmbeddingLoss : IOracle
{
    public string Loss => "cosine_embedding_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor cosine = Ops.Cosine(given["input1"], given["input2"], eps: 1e-12);
        Tensor alike = given.Labels("targets") == 1;
        return given.Weighted(
            where(alike, 1 - cosine, Ops.Hinge(cosine - given.Number("margin", 0), given)));
    }
}
