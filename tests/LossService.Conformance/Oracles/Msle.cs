using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class Msle : IOracle
{
    public string Loss => "msle";

    public OracleItems Items(OracleInputs given)
    {
        double eps = given.Number("eps", 1e-7);
        Tensor x = given["predictions"];
        Tensor t = given["targets"];
        x = where(x.detach() < eps, full_like(x, eps), x);
        t = where(t.detach() < eps, full_like(t, eps), t);
        return given.Weighted((x.log1p() - t.log1p()).square() * (given.Flag("half", false) ? 0.5 : 1));
    }
}
