using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class GaussianFocalLoss : IOracle
{
    public string Loss => "gaussian_focal_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor p = given["probabilities"];
        Tensor t = given["targets"];
        double alpha = given.Number("alpha", 2);
        double eps = given.Number("eps", 1e-12);

        Tensor peak = (t.detach() == 1).to(given.Dtype);
        Tensor positive = -LogNear(p, 1 - p, eps, given) * (1 - p).pow(alpha) * peak;
        Tensor negative = -LogNear(1 - p, p, eps, given) * p.pow(alpha) * (1 - t).pow(given.Number("gamma", 4));
        return given.Weighted(
            (positive * given.Number("pos_weight", 1)) + (negative * given.Number("neg_weight", 1)));
    }

    /// <summary>log(u + eps), from rest = 1 - u where u is the larger and so the less exact of the two.</summary>
    private static Tensor LogNear(Tensor u, Tensor rest, double eps, OracleInputs given) => given.IsPeer
        ? (u + eps).log() // as mmdetection has it
        : where(u.detach() > 0.5, (eps - rest).log1p(), (u + eps).log());
}
