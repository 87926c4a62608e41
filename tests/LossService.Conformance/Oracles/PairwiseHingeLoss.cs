using LossService.Conformance.Oracles.Harness;

namespace LossService.Conformance.Oracles;

internal sealed class PairwiseHingeLoss : IOracle
{
    public string Loss => "pairwise_hinge_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
        Ops.Hinge((given.Number("margin", 1) - RankedLists.Differences(s))[RankedLists.Above(y)], given).sum());
}
