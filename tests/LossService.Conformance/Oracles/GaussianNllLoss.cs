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
        Tensor v = given["variances"];

        // Torch clamps under no_grad: the value moves, the gradient stays that of the variance.
        Tensor clamped = v.detach().clamp_min(given.Number("eps", 1e-6)) + (v - v.detach());
        Tensor loss = 0.5 * (clamped.log() + (gap.square() / clamped));
        return given.Weighted(given.Flag("full", false) ? loss + (0.5 * Math.Log(2 * Math.PI)) : loss);
    }
}
