using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>Cosines as given, or between embeddings and the centre of each class.</summary>
internal static class Cosines
{
    private const double Parallel = 1 - 1e-9; // where rounding decides what the angle's slope is

    public static Tensor Of(OracleInputs given)
    {
        if (given.Has("cosines"))
        {
            return given["cosines"];
        }

        Tensor embeddings = given["embeddings"];
        Tensor rows = Batch.Unit(embeddings.reshape([-1, embeddings.shape[^1]]));
        Tensor centers = Batch.Unit(given.Leaf("class_centers"));
        Tensor cosines = (rows.unsqueeze(1) * centers.unsqueeze(0)).sum(2);
        if (!given.IsPeer && (cosines.detach().abs() > Parallel).any().item<bool>())
        {
            throw new NotSupportedException("parallel vectors");
        }

        return embeddings.dim() == 1 ? cosines.squeeze(0) : cosines;
    }
}
