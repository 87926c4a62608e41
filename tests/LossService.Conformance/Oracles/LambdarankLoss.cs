using LossService.Conformance.Oracles.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles;

internal sealed class LambdarankLoss : IOracle
{
    public string Loss => "lambdarank_loss";

    public OracleItems Items(OracleInputs given) => RankedLists.Items(given, (s, y) => OfList(given, s, y));

    private static Tensor OfList(OracleInputs given, Tensor s, Tensor y)
    {
        double first = given.NumberOrNull("k", null) ?? double.PositiveInfinity;
        Tensor gains = RankedLists.Gains(y, given);
        Tensor ideal = RankedLists.Ideal(gains, y, first);
        if ((ideal == 0).item<bool>())
        {
            return zeros([], s.dtype);
        }

        Tensor ranks = RankedLists.Ranks(s);
        Tensor weights = Weights(given, gains / ideal, ranks);
        Tensor counts = given.Word("k_counts", "either") == "both"
            ? ranks.unsqueeze(1).maximum(ranks.unsqueeze(0)) <= first
            : ranks.unsqueeze(1).minimum(ranks.unsqueeze(0)) <= first;
        counts = counts.logical_and(given.Word("scheme", "lambdarank") == "ndcg_loss1"
            ? eye(s.shape[0], dtype: ScalarType.Bool).logical_not()
            : RankedLists.Above(y));

        double sigma = given.Number("sigma", 1);
        Tensor leads = RankedLists.Differences(s);
        bool norm = given.Flag("norm", false);
        if (norm && (s.max() != s.min()).item<bool>())
        {
            weights = weights / (0.01 + leads.detach().abs());
        }

        Tensor losses = (weights * Ops.Softplus(-sigma * leads))[counts].sum();
        if (given.Word("scheme", "lambdarank") == "ndcg_loss1")
        {
            // The bound counts the rank of an element from itself on: log 2 of its own weight.
            Tensor own = weights.diagonal()[ranks <= first];
            losses += Math.Log(2) * own.sum();
        }

        if (norm)
        {
            Tensor pull = 2 * (weights * sigma * Ops.Sigmoid(-sigma * leads.detach()))[counts].sum();
            losses = (pull > 0).item<bool>() ? losses * pull.log1p() / (Math.Log(2) * pull) : losses;
        }

        return losses / Ops.LogBase(given);
    }

    private static Tensor Weights(OracleInputs given, Tensor gains, Tensor ranks)
    {
        Tensor discounts = RankedLists.Discounts(ranks);
        Tensor gaps = RankedLists.Differences(gains).abs();
        Tensor swapped = gaps * RankedLists.Differences(discounts).abs();
        Tensor apart = RankedLists.Differences(ranks).abs().clamp_min(1); // nothing is paired with itself
        Tensor nextTo = gaps * (RankedLists.Discounts(apart) - RankedLists.Discounts(apart + 1));
        return given.Word("scheme", "lambdarank") switch
        {
            "ndcg_loss1" => (gains * discounts).unsqueeze(1).expand_as(gaps),
            "ndcg_loss2" => nextTo,
            "ndcg_loss2pp" => (given.Number("mu", 10) * nextTo) + swapped,
            _ => swapped,
        };
    }
}
