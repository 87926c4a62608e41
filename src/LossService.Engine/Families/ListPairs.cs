using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>A loss of pairs, of which one element should stand before the other.</summary>
internal interface IPairLoss
{
    /// <summary>The loss of a pair from how far the better element's score leads.</summary>
    V Loss<V>(V lead) where V : struct, ILane<V>;

    /// <summary>What is 0 where the loss has its corner.</summary>
    V Corner<V>(V lead) where V : struct, ILane<V>;
}

/// <summary>Which pairs of a list, sorted by relevance, count, and how much. The weights are constants: nothing is
/// differentiated through them.</summary>
internal interface IPairWeights
{
    /// <summary>The first element that <paramref name="better"/> is paired with; all behind it are too.</summary>
    int First(int better);

    /// <summary>The weights of the pairs of <paramref name="better"/> with every element from
    /// <paramref name="from"/> on, each at the element's own place.</summary>
    void Fill(int better, int from, Span<double> weights);
}

/// <summary>Every element with every less relevant one: a sum over pairs, with its derivatives; O(L²).</summary>
internal static class ListPairs
{
    private const int WeightsRoom = 1;
    private const int LossesRoom = 2;

    /// <summary>The weighted sum of a list's pairs.</summary>
    /// <param name="list">Sorted by relevance.</param>
    /// <param name="pair">The loss of a pair.</param>
    /// <param name="pairWeights">The weights.</param>
    /// <param name="pull">The sum of all pairs' slopes on the lead of their better element.</param>
    public static ListAnswer Run<TPair, TWeights>(
        in RankedList list, TPair pair, TWeights pairWeights, out double pull)
        where TPair : struct, IPairLoss
        where TWeights : struct, IPairWeights, allows ref struct
    {
        Span<double> weights = list.Room<double>(WeightsRoom);
        Span<double> losses = list.Room<double>(LossesRoom)[..list.Length];
        weights.Slice(list.Length, DoubleLane.Count).Clear();
        bool isPlain = true;
        int ties = 0;
        pull = 0;
        var pace = new Pace(list.Workshop);
        for (int better = 0; better < list.Length; better++)
        {
            pace.Count(list.Length);
            int from = pairWeights.First(better);
            losses[better] = 0;
            if (from == list.Length)
            {
                continue;
            }

            isPlain = false;
            pairWeights.Fill(better, from, weights[..list.Length]);
            losses[better] = Sweep(list, pair, better, from, weights, ref ties, ref pull);
        }

        return new(Sums.OfBlock<double>(losses), ties, isPlain);
    }

    private static double Sweep<TPair>(
        in RankedList list, TPair pair, int better, int from, ReadOnlySpan<double> weights, ref int ties,
        ref double pull)
        where TPair : struct, IPairLoss
    {
        ref double scores = ref MemoryMarshal.GetReference(list.Scores);
        ref double slopes = ref MemoryMarshal.GetReference(list.Slopes);
        ref double curvatures = ref MemoryMarshal.GetReference(list.Curvatures);
        ref double weight = ref MemoryMarshal.GetReference(weights);
        DoubleLane score = list.Scores[better];
        DoubleLane loss = 0;
        DoubleLane slope = 0;
        DoubleLane curvature = 0;
        for (int j = from; j < list.Length; j += DoubleLane.Count)
        {
            // Beyond the end of the list weights are 0, and 0 wins over whatever the scores are there.
            DoubleLane w = DoubleLane.Load(ref weight, j);
            DoubleLane lead = score - DoubleLane.Load(ref scores, j);
            DoubleLane part;
            if (list.WantsCurvature)
            {
                Dual<Dual<DoubleLane>> all = pair.Loss(new Dual<Dual<DoubleLane>>(new(lead, 1), 1));
                loss += DoubleLane.ZeroTimes(w, all.Value.Value);
                part = DoubleLane.ZeroTimes(w, all.Slope.Value);
                DoubleLane second = DoubleLane.ZeroTimes(w, all.Slope.Slope);
                curvature += second;
                DoubleLane.Store(DoubleLane.Load(ref curvatures, j) + second, ref curvatures, j);
            }
            else
            {
                Dual<DoubleLane> both = pair.Loss(new Dual<DoubleLane>(lead, 1));
                loss += DoubleLane.ZeroTimes(w, both.Value);
                part = DoubleLane.ZeroTimes(w, both.Slope);
            }

            slope += part;
            DoubleLane.Store(DoubleLane.Load(ref slopes, j) - part, ref slopes, j);
            ties += DoubleLane.Set(DoubleLane.Select(w > 0, DoubleLane.Same(pair.Corner(lead), 0), 0));
        }

        double leads = Fold(slope);
        pull += leads;
        list.Slopes[better] += leads;
        list.Curvatures[better] += Fold(curvature);
        return Fold(loss);
    }

    private static double Fold(DoubleLane lane)
    {
        Span<double> parts = stackalloc double[DoubleLane.Count];
        DoubleLane.Store(lane, ref MemoryMarshal.GetReference(parts), 0);
        return (parts[0] + parts[2]) + (parts[1] + parts[3]);
    }
}

/// <summary>Every pair of different relevance, weighted by a power of the difference or of that of squares.</summary>
internal readonly ref struct RelevanceWeights : IPairWeights
{
    private readonly ReadOnlySpan<double> _relevance;
    private readonly RelevanceWeight _kind;

    public RelevanceWeights(in RankedList list, RelevanceWeight kind)
    {
        _relevance = list.Relevance[..list.Length];
        _kind = kind;
    }

    public int First(int better) => FirstBelow(_relevance, better);

    public void Fill(int better, int from, Span<double> weights)
    {
        double most = _relevance[better];
        for (int j = from; j < weights.Length; j++)
        {
            weights[j] = _kind switch
            {
                RelevanceWeight.Difference => most - _relevance[j],
                RelevanceWeight.SquareDifference => Math.Abs((most - _relevance[j]) * (most + _relevance[j])),
                _ => 1,
            };
        }
    }

    /// <summary>The first element less relevant than <paramref name="better"/>, by bisection.</summary>
    public static int FirstBelow(ReadOnlySpan<double> relevance, int better)
    {
        int low = better;
        int high = relevance.Length;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            (low, high) = relevance[middle] < relevance[better] ? (low, middle) : (middle, high);
        }

        return high;
    }
}

/// <summary>What a pair counts for, in the order of the words of <c>pair_weight</c>.</summary>
internal enum RelevanceWeight
{
    One,
    Difference,
    SquareDifference,
}
