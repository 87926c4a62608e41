using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class Smape : IOracle
{
    public string Loss => "smape";

    public OracleItems Items(OracleInputs given)
    {
        Tensor x = given["predictions"];
        Tensor t = given["targets"];
        double eps = given.Number("eps", 1e-7);
        Tensor size = (x.abs() + t.abs()).maximum(full_like(t, eps));
        Tensor ratio = (x - t).abs() / size;

        // Of numbers with opposite signs the ratio is 1 exactly, and its slope 0; autograd would leave rounding.
        Tensor opposite = (x.detach() * t.detach() < 0).logical_and(size.detach() > eps);
        ratio = where(opposite, ones_like(ratio), ratio);
        return given.Weighted((given.Flag("percent", true) ? 200 : 2) * ratio);
    }
}
