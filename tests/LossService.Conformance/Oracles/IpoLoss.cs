using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class IpoLoss : IOracle
{
    public string Loss => "ipo_loss";

    public OracleItems Items(OracleInputs given)
    {
        return new((Preference.LogRatio(given) - (1 / (2 * Preference.Beta(given)))).square());
    }
}
