namespace LossService.Engine.Families;

/// <summary>How a pair is weighed by what it means for the gain, in the order of the words of <c>scheme</c>.</summary>
internal enum LambdaScheme
{
    LambdaRank,
    NdcgLoss1,
    NdcgLoss2,
    NdcgLoss2PlusPlus,
}

/// <summary>What stays the same for all lists of a request.</summary>
/// <param name="Scheme">How a pair is weighed.</param>
/// <param name="First">How many ranks count.</param>
/// <param name="Both">True when both elements of a pair must be among them, false when one is enough.</param>
/// <param name="Mu">The weight of loss 2 in loss 2++.</param>
/// <param name="ByLead">Divides by 0.01 plus the difference of the scores.</param>
internal readonly record struct LambdaOptions(LambdaScheme Scheme, int First, bool Both, double Mu, bool ByLead);

/// <summary>Weights by the change of the normalised discounted gain, at the ranks that the scores have now.</summary>
internal readonly ref struct LambdaWeights : IPairWeights
{
    private readonly LambdaOptions _options;
    private readonly ReadOnlySpan<double> _scores;
    private readonly ReadOnlySpan<double> _relevance;
    private readonly ReadOnlySpan<double> _gains;
    private readonly ReadOnlySpan<double> _discounts;
    private readonly ReadOnlySpan<int> _ranks;

    /// <summary>Takes the gains over the ideal cumulative gain, a discount for each rank from 1 on (at place 0: none),
    /// and the ranks.</summary>
    public LambdaWeights(
        in RankedList list, LambdaOptions options, ReadOnlySpan<double> gains, ReadOnlySpan<double> discounts,
        ReadOnlySpan<int> ranks)
    {
        _scores = list.Scores[..list.Length];
        _relevance = list.Relevance[..list.Length];
        _gains = gains;
        _discounts = discounts;
        _ranks = ranks;
        _options = options;
    }

    // Loss 1 weighs an element by itself, so that every other one, more relevant or not, is its pair; so is the element
    // itself, which has no slope and is no pair of a Hessian: its cost is added once for all.
    public int First(int better) =>
        _options.Scheme == LambdaScheme.NdcgLoss1 ? 0 : RelevanceWeights.FirstBelow(_relevance, better);

    public void Fill(int better, int from, Span<double> weights)
    {
        for (int other = from; other < weights.Length; other++)
        {
            weights[other] = other == better || IsBeyond(_ranks[better], _ranks[other]) ? 0 : Weight(better, other);
        }
    }

    /// <summary>The weights of elements as pairs of their own, summed: loss 1 alone has those.</summary>
    public double SumOfThemselves()
    {
        double sum = 0;
        for (int i = 0; i < _ranks.Length && _options.Scheme == LambdaScheme.NdcgLoss1; i++)
        {
            sum += IsBeyond(_ranks[i], _ranks[i]) ? 0 : Weight(i, i);
        }

        return sum;
    }

    private bool IsBeyond(int rank, int other) =>
        (_options.Both ? Math.Max(rank, other) : Math.Min(rank, other)) > _options.First;

    private double Weight(int better, int other)
    {
        int rank = _ranks[better];
        double gap = Math.Abs(_gains[better] - _gains[other]);
        int apart = Math.Abs(rank - _ranks[other]);
        double swapped = Math.Abs(_discounts[rank] - _discounts[_ranks[other]]);
        double nextTo = _discounts[apart] - _discounts[apart + 1];
        double weight = _options.Scheme switch
        {
            LambdaScheme.NdcgLoss1 => _gains[better] * _discounts[rank],
            LambdaScheme.NdcgLoss2 => gap * nextTo,
            LambdaScheme.NdcgLoss2PlusPlus => gap * ((_options.Mu * nextTo) + swapped),
            _ => gap * swapped,
        };
        return _options.ByLead ? weight / (0.01 + Math.Abs(_scores[better] - _scores[other])) : weight;
    }
}
