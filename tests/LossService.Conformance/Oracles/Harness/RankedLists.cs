using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>Ranked lists, one at a time, however a request writes them; what is masked is taken out.</summary>
internal static class RankedLists
{
    /// <summary>The loss of each list from its scores and relevances.</summary>
    public static OracleItems Items(OracleInputs given, Func<Tensor, Tensor, Tensor> lossOf)
    {
        Tensor scores = given["scores"];
        Tensor relevance = given.Constant("relevance")!;
        Tensor keep = given.Constant("list_mask")?.to(ScalarType.Bool) ?? ones_like(scores, ScalarType.Bool);
        var losses = new List<Tensor>();
        var pairs = new List<Tensor>();
        foreach ((Tensor list, Tensor y) in Cut(given, scores, keep).Zip(Cut(given, relevance, keep)))
        {
            losses.Add(list.shape[0] == 0 ? zeros([], list.dtype) : lossOf(list, y));
            pairs.Add(Above(y).sum().to(ScalarType.Float64));
        }

        bool isOne = scores.dim() == 1 && !given.Has("group_sizes") && !given.Has("group_ids");
        Tensor items = losses.Count == 0 ? zeros([0], scores.dtype) : isOne ? losses[0] : stack(losses);
        return new(items)
        {
            Tally = given.Word("mean_over", "lists") == "pairs"
                ? ("pairs", pairs.Count == 0 ? zeros([0], ScalarType.Float64) : isOne ? pairs[0] : stack(pairs))
                : null,
        };
    }

    /// <summary>Every number less every other: (i, j) is x_i - x_j.</summary>
    public static Tensor Differences(Tensor x) => x.unsqueeze(1) - x.unsqueeze(0);

    /// <summary>True at (i, j) where y_i is above y_j.</summary>
    public static Tensor Above(Tensor y) => y.unsqueeze(1) > y.unsqueeze(0);

    /// <summary>The rank of every element, the highest being 1; of equal ones the first.</summary>
    public static Tensor Ranks(Tensor x)
    {
        x = x.detach();
        Tensor places = arange(x.shape[0]);
        Tensor tied = (x.unsqueeze(1) == x.unsqueeze(0)).logical_and(Above(places));
        return Above(x).t().logical_or(tied).sum(1) + 1;
    }

    /// <summary>2^y - 1, or y for a linear gain.</summary>
    public static Tensor Gains(Tensor y, OracleInputs given) =>
        given.Word("gain", "exponential") == "linear" ? y : (y * Math.Log(2)).expm1();

    /// <summary>1 / log2(1 + rank).</summary>
    public static Tensor Discounts(Tensor ranks) => Math.Log(2) / (ranks.is_floating_point() ? ranks : ranks.to(ScalarType.Float64)).log1p();

    /// <summary>The largest discounted gain of k ranks.</summary>
    public static Tensor Ideal(Tensor gains, Tensor y, double k = double.PositiveInfinity)
    {
        Tensor ranks = Ranks(y);
        return where(ranks <= k, gains * Discounts(ranks), zeros_like(gains)).sum();
    }

    /// <summary>Ranks that can be differentiated: 1 + Σ σ((s_j - s_i) / temperature).</summary>
    public static Tensor SoftRanks(Tensor scores, OracleInputs given)
    {
        RequireFinite(scores);
        Tensor above = Ops.Sigmoid(-Differences(scores) / given.Number("temperature", 0.1));
        Tensor self = eye(scores.shape[0], dtype: ScalarType.Bool);
        return 1 + where(self, zeros_like(above), above).sum(1);
    }

    /// <summary>Where a loss has no value, torch's is none either, but in places of its own.</summary>
    public static void RequireFinite(Tensor scores)
    {
        if (!scores.detach().isfinite().all().item<bool>())
        {
            throw new NotSupportedException("scores that are not finite");
        }
    }

    private static IEnumerable<Tensor> Cut(OracleInputs given, Tensor numbers, Tensor keep)
    {
        if (numbers.dim() == 2)
        {
            return Enumerable.Range(0, (int)numbers.shape[0]).Select(row => numbers[row][keep[row]]);
        }

        return Ranges(given, numbers.shape[0]).Select(range =>
            numbers.narrow(0, range.Start, range.Length)[keep.narrow(0, range.Start, range.Length)]);
    }

    private static IEnumerable<(long Start, long Length)> Ranges(OracleInputs given, long elements)
    {
        if (given.Has("group_sizes"))
        {
            long start = 0;
            foreach (long length in given.Constant("group_sizes")!.to(ScalarType.Int64).data<long>())
            {
                yield return (start, length);
                start += length;
            }

            yield break;
        }

        if (!given.Has("group_ids"))
        {
            yield return (0, elements);
            yield break;
        }

        long[] ids = [.. given.Constant("group_ids")!.to(ScalarType.Int64).data<long>()];
        for (int first = 0, next; first < ids.Length; first = next)
        {
            for (next = first; next < ids.Length && ids[next] == ids[first]; next++)
            {
            }

            yield return (first, next - first);
        }
    }
}
