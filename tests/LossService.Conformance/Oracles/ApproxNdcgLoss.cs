using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ApproxNdcgLoss : IOracle
{
    public string Loss => "approx_ndcg_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
    {
        Tensor gains = RankedLists.Gains(y, given);
        Tensor ideal = RankedLists.Ideal(gains, y);
        return (ideal == 0).item<bool>()
            ? zeros([], s.dtype)
            : -(gains / ideal * RankedLists.Discounts(RankedLists.SoftRanks(s, given))).sum();
    });
}
