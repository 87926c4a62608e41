using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class Mape : IOracle
{
    public string Loss => "mape";

    public OracleItems Items(OracleInputs given)
    {
        Tensor t = given["targets"];
        Tensor error = (given["predictions"] - t).abs();
        Tensor size = t.abs().maximum(full_like(t, given.Number("eps", 1e-7)));
        return given.Weighted((given.Flag("percent", true) ? 100 : 1) * (error / size));
    }
}
