using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class ApproxMrrLoss : IOracle
{
    public string Loss => "approx_mrr_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
    {
        Tensor sum = y.sum();
        return (sum == 0).item<bool>()
            ? zeros([], s.dtype)
            : -(y / sum / RankedLists.SoftRanks(s, given)).sum();
    });
}
