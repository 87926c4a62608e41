using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class GammaNll : IOracle
{
    public string Loss => "gamma_nll";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["predictions"];
        return given.Weighted(x + Ops.Times(given["targets"], (-x).exp()));
    }
}
