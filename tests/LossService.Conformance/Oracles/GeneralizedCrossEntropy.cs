using LossService.Conformance.Oracles.Harness;

namespace LossService.Conformance.Oracles;

internal sealed class GeneralizedCrossEntropy : IOracle
{
    public string Loss => "generalized_cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        double q = given.Number("q", 0.7);
        return ClassTargets.OfLabel(given, (surprisal, _) => Ops.OneLessExp(q * surprisal) / q);
    }
}
