using LossService.Conformance.Oracles.Harness;

namespace LossService.Conformance.Oracles;

internal sealed class NllLoss : IOracle
{
    public string Loss => "nll_loss";

    public OracleItems Items(OracleInputs given) =>
        ClassTargets.Items(given, "log_probabilities", logProbabilities => -logProbabilities);
}
