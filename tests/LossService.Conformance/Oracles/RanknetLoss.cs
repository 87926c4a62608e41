using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class RanknetLoss : IOracle
{
    public string Loss => "ranknet_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) =>
    {
        Tensor costs = Ops.Softplus(-given.Number("sigma", 1) * RankedLists.Differences(s));
        Tensor weights = given.Word("pair_weight", "one") switch
        {
            "difference" => RankedLists.Differences(y).abs(),
            "square_difference" => RankedLists.Differences(y.square()).abs(),
            _ => ones_like(costs),
        };
        return (weights * costs)[RankedLists.Above(y)].sum();
    });
}
