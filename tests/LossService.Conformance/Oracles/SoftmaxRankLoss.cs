using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class SoftmaxRankLoss : IOracle
{
    public string Loss => "softmax_rank_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
    {
        Tensor sum = y.sum();
        if ((sum == 0).item<bool>())
        {
            return zeros([], s.dtype);
        }

        return Ops.Times(given.Flag("normalize_relevance", false) ? y / sum : y, Ops.Surprisal(s)).sum();
    });
}
