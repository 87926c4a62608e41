using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SlicHingeLoss : IOracle
{
    public string Loss => "slic_hinge_loss";

    public OracleItems Items(OracleInputs given)
    {
        return new(Ops.Hinge(1 - Preference.Margin(given), given));
    }
}
