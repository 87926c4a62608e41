using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class PoissonNllLoss : IOracle
{
    public string Loss => "poisson_nll_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["predictions"];
        Tensor t = given["targets"];
        double eps = given.Number("eps", 1e-8);
        if (given.IsPeer)
        {
            return given.Weighted(nn.functional.poisson_nll_loss(
                x, t, given.Flag("log_input", true), given.Flag("full", false), (float)eps, nn.Reduction.None));
        }

        Tensor loss = given.Flag("log_input", true) ? x.exp() - (t * x) : OfRates(x, t, eps);
        if (given.Flag("full", false))
        {
            Tensor above = t.detach() > 1;
            Tensor count = where(above, t, ones_like(t));
            Tensor stirling = (count * count.log()) - count + (0.5 * (2 * Math.PI * count).log());
            loss = loss + where(above, stirling, zeros_like(t));
        }

        return given.Weighted(loss);
    }

    // A rate below 0 has no loss, and so no slope either; autograd would find that of the logarithm of its magnitude.
    private static Tensor OfRates(Tensor x, Tensor t, double eps)
    {
        Tensor none = x.detach() + eps < 0;
        Tensor rate = where(none, ones_like(x), x + eps);
        Tensor undefined = where(none, x * t, zeros_like(x)).square() * where(none, full_like(x, double.NaN), zeros_like(x));
        return x - Ops.Times(t, rate.log()) + undefined;
    }
}
