using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class QuantileLoss : IOracle
{
    public string Loss => "quantile_loss";

    public OracleItems Items(OracleInputs given)
    {
        Tensor d = given["predictions"] - given["targets"];
        double tau = given.Number("tau", 0.5);
        return given.Weighted(given.Word("tie", "zero") switch
        {
            "pytorch" when given.Word("tie_side", "above") == "below" => (1 - tau) * d.relu() + (tau * (-d).clamp_min(0)),
            "pytorch" => d.clamp_min(0) - (tau * d), // the slope from above, LightGBM's
            "half" => ((1 - tau) * d).maximum(-tau * d),
            _ => ((1 - tau) * d.relu()) + (tau * (-d).relu()),
        });
    }
}
