using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class BalancedL1Loss : IOracle
{
    public string Loss => "balanced_l1_loss";

    public OracleItems Items(OracleInputs given)
    {
        double alpha = given.Number("alpha", 0.5);
        double gamma = given.Number("gamma", 1.5);
        double beta = given.Number("beta", 1);
        double b = Math.Exp(gamma / alpha) - 1;
        Tensor d = given["predictions"] - given["targets"];
        Tensor a = beta == 1 ? where(d.detach() < 0, -d, d) : d.abs();
        Tensor small = (alpha / b * ((b * a) + 1) * (b * a / beta).log1p()) - (alpha * a);
        Tensor large = (gamma * a) + (gamma / b) - (alpha * beta);
        return given.Weighted(where(a.detach() < beta, small, large));
    }
}
