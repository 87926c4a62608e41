using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class CosineEmbeddingLoss : IOracle
{
    public string Loss => "cosine_embedding_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor cosine = Cosine(given["input1"], given["input2"]);
        Tensor alike = given.Labels("targets") == 1;
        return given.Weighted(
            where(alike, 1 - cosine, Ops.Hinge(cosine - given.Number("margin", 0), given)));
    }

    /// <summary>As torch has it in this loss: 1e-12 is added to both squared norms.</summary>
    private static Tensor Cosine(Tensor a, Tensor b)
    {
        int axis = Ops.ClassAxis(a);
        Tensor norms = (a.square().sum(axis) + 1e-12) * (b.square().sum(axis) + 1e-12);
        return (a * b).sum(axis) / norms.sqrt();
    }
}
