using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class HingeEmbeddingLoss : IOracle
{
    public string Loss => "hinge_embedding_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor distance = given["distances"];
        Tensor alike = given.Labels("targets") == 1;
        return given.Weighted(
            where(alike, distance, Ops.Hinge(given.Number("margin", 1) - distance, given)));
    }
}
