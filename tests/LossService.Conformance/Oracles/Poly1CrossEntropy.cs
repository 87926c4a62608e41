using LossService.Conformance.Oracles.Harness;

namespace LossService.Conformance.Oracles;

internal sealed class Poly1CrossEntropy : IOracle
{
    public string Loss => "poly1_cross_entropy";

    public OracleItems Items(OracleInputs given)
    {
        double epsilon = given.Number("epsilon", 1);
        return ClassTargets.OfLabel(given, (surprisal, miss) => surprisal + (epsilon * miss));
    }
}
