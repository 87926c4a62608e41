using TorchSharp;
using static TorchSharp.torch;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>The miners as their publications have them, anchor by anchor over plain numbers.</summary>
/// <param name="given">The request.</param>
/// <param name="distances">(anchor, sample): how far.</param>
/// <param name="ofSimilarities">True where a distance is minus a similarity.</param>
internal sealed class Miner(OracleInputs given, Tensor distances, bool ofSimilarities)
{
    private readonly int _count = (int)distances.shape[0];
    private readonly double[] _distances = Numbers(distances);

    private string Word => given.Word("miner", "all");

    /// <summary>True where triplets are chosen rather than pairs.</summary>
    public bool IsOfTriplets =>
        Word is "hard" or "semihard" or "easy" or "triplet_margin" or "distance_weighted" or "angular";

    /// <summary>(anchor, positive, negative): the triplets of some that count.</summary>
    public Tensor Triplets(Tensor all, Tensor vectors, Tensor kept, bool areListed)
    {
        if (areListed && Word is not ("all" or "hard" or "semihard" or "easy" or "triplet_margin"))
        {
            throw new NotSupportedException("listed triplets are mined one by one");
        }

        double middle = given.Number("miner_margin", 0.2);
        Tensor gap = distances.detach().unsqueeze(1) - distances.detach().unsqueeze(2);
        return Word switch
        {
            "hard" => all * (gap <= 0),
            "semihard" => all * (gap > 0).logical_and(gap <= middle),
            "easy" => all * (gap > middle),
            "triplet_margin" => all * (gap <= middle),
            "angular" => all * WideAngles(vectors),
            "distance_weighted" => all * Drawn(all, vectors, kept),
            _ => all,
        };
    }

    /// <summary>(anchor, sample): the pairs of some that count.</summary>
    public (Tensor Positives, Tensor Negatives) Pairs(Tensor positives, Tensor negatives, Tensor kept)
    {
        if (Word is "hdc" or "uniform_histogram")
        {
            return (OfBatch(positives, kept, 1, "miner_pos_per_bin"), OfBatch(negatives, kept, -1, "miner_neg_per_bin"));
        }

        Tensor mined = zeros_like(positives);
        Tensor others = zeros_like(negatives);
        bool[] alike = Flags(positives);
        bool[] unlike = Flags(negatives);
        for (int anchor = 0; anchor < _count; anchor++)
        {
            int[] near = Of(alike, anchor);
            int[] far = Of(unlike, anchor);
            (int[] chosen, int[] against) = Word switch
            {
                "batch_hard" => One(anchor, near, far, "hard", "hard"),
                "batch_easy_hard" => One(
                    anchor, near, far, given.Word("miner_positive", "easy"), given.Word("miner_negative", "semihard")),
                "multi_similarity" => Apart(anchor, near, far),
                "pair_margin" => Beyond(anchor, near, far),
                _ => (near, far),
            };
            foreach (int sample in chosen)
            {
                mined[anchor, sample] = true;
            }

            foreach (int sample in against)
            {
                others[anchor, sample] = true;
            }
        }

        return (mined, others);
    }

    // A miner that looks at all pairs of the batch at once.
    private Tensor OfBatch(Tensor related, Tensor kept, int sign, string perBin)
    {
        bool[] flags = Flags(related);
        int[] pairs = [.. Enumerable.Range(0, flags.Length).Where(pair => flags[pair])];
        int[] chosen = Word == "hdc" ? Hardest(pairs, sign) : [.. Histogram(pairs, Ranks(kept), (int)given.Number(perBin, 10))];
        Tensor mined = zeros_like(related);
        foreach (int pair in chosen)
        {
            mined[pair / _count, pair % _count] = true;
        }

        return mined;
    }

    // Yuan et al., Hard-Aware Deeply Cascaded Embedding, 2017: a fraction of the largest losses.
    private int[] Hardest(int[] pairs, int sign)
    {
        double[] hardness = [.. pairs.Select(pair => sign * _distances[pair]).OrderDescending()];
        int count = (int)Math.Ceiling(given.Number("miner_filter_percentage", 0.5) * pairs.Length);
        return [.. pairs.Where(pair => !(sign * _distances[pair] < hardness[count - 1]))];
    }

    // pytorch-metric-learning's bins: edges of one step from the least distance to the greatest, a lower edge included.
    private IEnumerable<int> Histogram(int[] pairs, int[] ranks, int perBin)
    {
        if (pairs.Length == 0)
        {
            return [];
        }

        if (pairs.Any(pair => !double.IsFinite(_distances[pair])))
        {
            throw new NotSupportedException("there is no bin without end");
        }

        double low = pairs.Min(pair => _distances[pair]);
        double high = pairs.Max(pair => _distances[pair]);
        int bins = (int)given.Number("miner_num_bins", 100);
        double[] edges = [.. Enumerable.Range(0, bins).Select(bin => low + (bin * ((high - low) / bins)))];
        ulong seed = (ulong)(given.NumberOrNull("seed", 0) ?? 0);
        return pairs
            .GroupBy(pair => Array.FindLastIndex(edges, edge => edge <= _distances[pair]))
            .SelectMany(bin => bin
                .OrderBy(pair => Uniform(seed, ranks[pair / _count], ranks[pair % _count]))
                .Take(perBin));
    }

    private double At(int anchor, int sample) => _distances[(anchor * _count) + sample];

    private int[] Of(bool[] flags, int anchor) =>
        [.. Enumerable.Range(0, _count).Where(sample => flags[(anchor * _count) + sample])];

    private (int[] Positives, int[] Negatives) One(int anchor, int[] near, int[] far, string positive, string negative)
    {
        if ((positive, negative) is ("semihard", "semihard") or ("semihard", "all") or ("all", "semihard"))
        {
            throw new NotSupportedException("one of the strategies must be able to choose first");
        }

        if (Word == "batch_easy_hard")
        {
            near = positive == "all" ? near : Allowed(anchor, near, "miner_allowed_pos");
            far = negative == "all" ? far : Allowed(anchor, far, "miner_allowed_neg");
        }

        int[] p = Take(anchor, near, positive, "easy");
        int[] n = Take(anchor, far, negative, "hard");
        if (positive == "semihard" && n.Length > 0)
        {
            p = Take(anchor, [.. near.Where(sample => At(anchor, sample) < At(anchor, n[0]))], "hard", "easy");
        }
        else if (negative == "semihard" && p.Length > 0)
        {
            n = Take(anchor, [.. far.Where(sample => At(anchor, sample) > At(anchor, p[0]))], "hard", "hard");
        }

        bool needsBoth = positive != "all" && negative != "all";
        return needsBoth && (p.Length == 0 || n.Length == 0) ? ([], []) : (p, n);
    }

    private int[] Allowed(int anchor, int[] samples, string range)
    {
        double low = given.NumberOrNull($"{range}_min", null) ?? double.NegativeInfinity;
        double high = given.NumberOrNull($"{range}_max", null) ?? double.PositiveInfinity;
        return [.. samples.Where(sample => (ofSimilarities ? -At(anchor, sample) : At(anchor, sample)) is double own
            && own >= low && own <= high)];
    }

    // The first of the nearest where the strategy is the one of the nearest, else of the farthest.
    private int[] Take(int anchor, int[] samples, string strategy, string nearest) => strategy switch
    {
        "all" => samples,
        "semihard" => [],
        _ when strategy == nearest => [.. samples.OrderBy(sample => At(anchor, sample)).Take(1)],
        _ => [.. samples.OrderByDescending(sample => At(anchor, sample)).Take(1)],
    };

    private (int[] Positives, int[] Negatives) Apart(int anchor, int[] near, int[] far)
    {
        double epsilon = given.Number("miner_epsilon", 0.1);
        double most = near.Select(sample => At(anchor, sample)).DefaultIfEmpty(double.NegativeInfinity).Max();
        double least = far.Select(sample => At(anchor, sample)).DefaultIfEmpty(double.PositiveInfinity).Min();
        return ([.. near.Where(sample => At(anchor, sample) > least - epsilon)],
            [.. far.Where(sample => At(anchor, sample) < most + epsilon)]);
    }

    private (int[] Positives, int[] Negatives) Beyond(int anchor, int[] near, int[] far)
    {
        double positive = given.Number("miner_pos_margin", 0.2);
        double negative = given.Number("miner_neg_margin", 0.8);
        return ofSimilarities
            ? ([.. near.Where(sample => -At(anchor, sample) < positive)], [.. far.Where(sample => -At(anchor, sample) > negative)])
            : ([.. near.Where(sample => At(anchor, sample) > positive)], [.. far.Where(sample => At(anchor, sample) < negative)]);
    }

    // Wang et al., Deep Metric Learning with Angular Loss, 2017: the angle at n, from the middle c of a and p.
    private Tensor WideAngles(Tensor vectors)
    {
        Tensor unit = Batch.Unit(vectors.detach()).to(ScalarType.Float64);
        Tensor middle = (unit.unsqueeze(1) + unit.unsqueeze(0)) / 2;
        Tensor toMiddle = (unit.unsqueeze(0).unsqueeze(0) - middle.unsqueeze(2)).square().sum([3L]).sqrt();
        Tensor apart = (unit.unsqueeze(1) - unit.unsqueeze(0)).square().sum([2L]).sqrt().unsqueeze(2);
        Tensor angle = (apart / (2 * toMiddle)).atan();
        return angle > given.Number("miner_angle", 20) * Math.PI / 180;
    }

    // Wu et al., Sampling Matters in Deep Embedding Learning, 2017: weights 1 / q(d), with
    // q(d) ~ d^(E - 2) (1 - d² / 4)^((E - 3) / 2) on the unit sphere.
    private Tensor Drawn(Tensor all, Tensor vectors, Tensor kept)
    {
        Tensor unit = Batch.Unit(vectors.detach()).to(ScalarType.Float64);
        Tensor apart = (unit.unsqueeze(1) - unit.unsqueeze(0)).square().sum([2L]).sqrt();
        Tensor distance = apart.clamp_min(given.Number("miner_cutoff", 0.5));
        double length = vectors.shape[1];
        Tensor log = ((2 - length) * distance.log()) - ((length - 3) / 2 * (1 - (distance.square() / 4)).log());
        double[] weights = Numbers(where(distance < given.Number("miner_nonzero_loss_cutoff", 1.4), log, full_like(log, double.NegativeInfinity)));
        int[] ranks = Ranks(kept);
        bool[] formed = Flags(all > 0);
        Tensor drawn = zeros_like(all);
        ulong seed = (ulong)(given.NumberOrNull("seed", 0) ?? 0);
        for (int anchor = 0; anchor < _count; anchor++)
        {
            for (int positive = 0; positive < _count; positive++)
            {
                int[] negatives = [.. Enumerable.Range(0, _count).Where(n => formed[(((anchor * _count) + positive) * _count) + n])];
                double top = negatives.Select(n => weights[(anchor * _count) + n]).DefaultIfEmpty(double.NegativeInfinity).Max();
                if (double.IsNegativeInfinity(top))
                {
                    continue;
                }

                double[] shares = [.. negatives.Select(n => Math.Exp(weights[(anchor * _count) + n] - top))];
                double left = shares.Sum() * Uniform(seed, ranks[anchor], ranks[positive]);
                int chosen = 0;
                for (; chosen < negatives.Length - 1 && left >= shares[chosen]; chosen++)
                {
                    left -= shares[chosen];
                }

                drawn[anchor, positive, negatives[chosen]] = 1;
            }
        }

        return drawn;
    }

    // SplitMix64 of two counters under a seed, its upper 53 bits over 2^53.
    private static double Uniform(ulong seed, int first, int second)
    {
        ulong z = seed;
        foreach (int counter in (int[])[first, second])
        {
            z += 0x9E3779B97F4A7C15 * ((ulong)counter + 1);
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
        }

        return (z >> 11) / 9007199254740992.0;
    }

    private static int[] Ranks(Tensor kept)
    {
        int rank = 0;
        return [.. Flags(kept).Select(stays => stays ? rank++ : -1)];
    }

    private static double[] Numbers(Tensor numbers) =>
        [.. numbers.detach().to(ScalarType.Float64).contiguous().data<double>()];

    private static bool[] Flags(Tensor flags) => [.. flags.contiguous().data<bool>()];
}
