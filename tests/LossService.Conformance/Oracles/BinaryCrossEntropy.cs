using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BinaryCrossEntropy : IOracle
{
    public string Loss => "binary_cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        // Torch clamps the logarithm and the gradient's denominator separately, at constants of its own.
        if (given.Number("log_min", -100) != -100 || given.Number("denominator_min", 1e-12) != 1e-12)
        {
            throw new NotSupportedException("torch clamps at -100 and 1e-12 only");
        }

        double clip = given.Number("clip", 0);
        Tensor p = given["probabilities"];
        p = clip == 0 ? p : p.clamp(clip, 1 - clip);
        Tensor y = given["targets"];
        Tensor clamped = nn.functional.binary_cross_entropy(p, y, reduction: nn.Reduction.None);
        if (given.IsPeer)
        {
            return given.Weighted(clamped);
        }

        // Torch's 1e-12 is that of float32, 4e-9 too small, in float64 too; its answer has no second derivative either.
        if ((p.detach() * (1 - p.detach()) < 1e-12).any().item<bool>())
        {
            throw new NotSupportedException("torch's smallest denominator is not 1e-12 in float64");
        }

        // Where nothing is clamped the formula itself: torch's second derivative is off by some 1e-10.
        Tensor inside = (p.detach() > 1e-11).logical_and(p.detach() < 1 - 1e-11);
        Tensor q = where(inside, p, full_like(p, 0.5));
        return given.Weighted(where(inside, -((y * q.log()) + ((1 - y) * (-q).log1p())), clamped));
    }
}
