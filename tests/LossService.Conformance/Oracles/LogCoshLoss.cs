using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class LogCoshLoss : IOracle
{
    public string Loss => "log_cosh_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor d = given["predictions"] - given["targets"];
        if (given.IsPeer)
        {
            return given.Weighted(d + (-2 * d).exp().log1p() - Math.Log(2)); // as Keras has it
        }

        // log cosh d = a + log(1 + e^-2a) - log 2; near 0, 1 + 2 sinh^2(d/2) = cosh d.
        Tensor near = d.detach().abs() < 1;
        Tensor zero = zeros_like(d);
        Tensor small = (2 * where(near, d, zero).div(2).sinh().square()).log1p();
        Tensor size = where(near, ones_like(d), where(d.detach() < 0, -d, d));
        Tensor large = size + (-2 * size).exp().log1p() - Math.Log(2);
        return given.Weighted(where(near, small, large));
    }
}
