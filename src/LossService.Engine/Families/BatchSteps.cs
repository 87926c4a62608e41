using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What it costs, in steps, that the samples of a batch meet.</summary>
internal static class BatchSteps
{
    // Of all pairs such a miner leaves an anchor's one or few, and kernels and slopes have as little to do.
    private const double ShareOfFew = 0.15;

    /// <summary>What a pair costs until its number is there, and from its slope back to both vectors.</summary>
    public static double OfPair(BatchMetric metric, int length) => metric.Distance.Kind switch
    {
        DistanceKind.Dot or DistanceKind.Cosine => 0.5 + (0.01 * length),
        DistanceKind.SquaredL2 => 3 + (0.04 * length),
        _ => 2 + (0.2 * length),
    };

    /// <summary>The share of the pairs with which something is done after a miner has chosen.</summary>
    public static double ShareOf(Mining mining) =>
        mining.Miner is Miner.BatchEasyHard or Miner.PairMargin or Miner.UniformHistogram ? ShareOfFew : 1;

    /// <summary>What a miner costs.</summary>
    public static double OfMiner(Mining mining, LossRequest request)
    {
        double samples = request.Solution!.Length("N");
        double pairs = samples * samples;
        return mining.Miner switch
        {
            Miner.All or Miner.BatchEasyHard or Miner.MultiSimilarity or Miner.PairMargin => 0,
            Miner.Angular => 1.2 * Triplets(request),
            Miner.DistanceWeighted or Miner.Hdc or Miner.UniformHistogram => 6 * pairs,
            _ => 12 * pairs, // gaps are counted among sorted distances
        };
    }

    // How many triplets a relation forms: exact of labels, on average of listed pairs.
    private static double Triplets(LossRequest request)
    {
        double samples = Math.Max(1, request.Solution!.Length("N"));
        if (Relation.Given(request, Mined.TripletsName) is { } triplets)
        {
            return triplets.Shape[0];
        }

        if (Relation.Given(request, Mined.LabelsName) is not { } labels)
        {
            double positives = Relation.Given(request, Mined.PositivePairsName)?.Shape[0] ?? 0;
            return positives * (Relation.Given(request, Mined.NegativePairsName)?.Shape[0] ?? 0) / samples;
        }

        Span<int> sorted = stackalloc int[labels.Label.Length]; // at most as many as a card lets meet
        labels.Label.CopyTo(sorted);
        sorted.Sort();
        double sum = 0;
        for (int start = 0; start < sorted.Length;)
        {
            double alike = sorted[start..].LastIndexOf(sorted[start]) + 1;
            sum += alike * (alike - 1) * (samples - alike);
            start += (int)alike;
        }

        return sum;
    }
}
