using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class TweedieLoss : IOracle
{
    public string Loss => "tweedie_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["predictions"];
        double rho = given.Number("variance_power", 1.5);
        Tensor fit = Ops.Times(given["targets"], ((1 - rho) * x).exp());
        return given.Weighted((((2 - rho) * x).exp() / (2 - rho)) - (fit / (1 - rho)));
    }
}
