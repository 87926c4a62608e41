using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class GaussianNllLoss : IOracle
{
    public string Loss => "gaussian_nll_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor gap = given["predictions"] - given["targets"];
        Tensor v = Spread(given, gap);

        // Torch clamps under no_grad: the value moves, the gradient stays that of the variance.
        Tensor clamped = v.detach().clamp_min(given.Number("eps", 1e-6)) + (v - v.detach());
        Tensor loss = 0.5 * (clamped.log() + (gap.square() / clamped));
        return given.Weighted(given.Flag("full", false) ? loss + (0.5 * Math.Log(2 * Math.PI)) : loss);
    }

    // A variance an element, or one for all of the last axis, or one for all; those of hidden elements are harmless ones.
    private static Tensor Spread(OracleInputs given, Tensor items)
    {
        Tensor v = given.Leaf("variances");
        bool isRow = v.dim() > 0 && v.dim() == items.dim() - 1;
        Tensor spread = (isRow ? v.unsqueeze(-1) : v).expand(items.shape);
        return given.Mask is Tensor mask ? where(OracleInputs.PerItem(mask, items), spread, full_like(spread, 0.5)) : spread;
    }
}
