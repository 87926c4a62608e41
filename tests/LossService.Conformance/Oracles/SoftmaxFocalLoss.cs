using LossService.Conformance.Oracles.Harness;

namespace LossService.Conformance.Oracles;

internal sealed class SoftmaxFocalLoss : IOracle
{
    public string Loss => "softmax_focal_loss";

    public OracleItems Items(OracleInputs given)
    {
        double alpha = given.NumberOrNull("alpha", null) is double number and not -1 ? number : 1;
        double gamma = given.Number("gamma", 2);
        return ClassTargets.OfLabel(given, (surprisal, miss) => alpha * miss.pow(gamma) * surprisal);
    }
}
