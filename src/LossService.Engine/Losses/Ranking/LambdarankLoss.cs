using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Losses.Information;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct LambdarankLoss(double sigma, LambdaOptions options, bool exponential, double scale)
    : IListLoss<LambdarankLoss>, IPairLoss
{
    private const double Ln2 = 0.693147180559945309417;
    private const int GainsRoom = 3;
    private const int DiscountsRoom = 4;
    private const int RanksRoom = 5;

    private static readonly Parameter Sigma = Parameter.Number(
        "sigma", 1, "How steep the sigmoid of a difference of scores is.", min: 0, minOpen: true);

    private static readonly Parameter Scheme = Parameter.Choice(
        "scheme", ["lambdarank", "ndcg_loss1", "ndcg_loss2", "ndcg_loss2pp"],
        "How a pair is weighed: by the change of NDCG when it swaps, or by a bound of the LambdaLoss framework; the edges spell each out.");

    private static readonly Parameter K = Parameter.Integer(
        "k", double.NaN, "How many ranks count; null for all. The ideal gain is that of as many.", min: 1);

    private static readonly Parameter KCounts = Parameter.Choice(
        "k_counts", ["either", "both"], "Whether one element of a pair among the first k is enough, or both must be.");

    private static readonly Parameter Mu = Parameter.Number(
        "mu", 10, "The weight of loss 2 beside lambdarank's in ndcg_loss2pp.", min: 0);

    private static readonly Parameter Norm = Parameter.Flag(
        "norm", false,
        "LightGBM's: divides a weight by 0.01 plus the difference of scores, then scales the list by log2(1 + S) / S, S the sum of its slopes.");

    public static LossCard Card { get; } = new()
    {
        Name = "lambdarank_loss",
        Family = "ranking",
        Aliases = ["lambda_loss", "lambdarank"],
        Summary = "Weighs logistic pairs by what swapping them would do to the NDCG.",
        Formula = @"\sum_{y_i>y_j} w_{ij}\,\log_b\left(1+e^{-\sigma(s_i-s_j)}\right),\quad w_{ij}=\frac{|2^{y_i}-2^{y_j}|}{\mathrm{IDCG}}\left|\frac{1}{\log_2(1+r_i)}-\frac{1}{\log_2(1+r_j)}\right|",
        References =
        [
            new("Burges, From RankNet to LambdaRank to LambdaMART, 2010", "https://www.microsoft.com/en-us/research/publication/from-ranknet-to-lambdarank-to-lambdamart-an-overview/"),
            new("Wang et al., The LambdaLoss Framework for Ranking Metric Optimization, 2018", "https://doi.org/10.1145/3269206.3271784"),
        ],
        Inputs = ListInputs.All(Domain.NonNegative),
        Items = ListInputs.Items,
        Parameters = [Sigma, Scheme, K, KCounts, Mu, Norm, ListGains.Gain, LogBase.Parameter],
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfPairs,
        Edges =
        [
            "Weights come from the ranks that the scores have now, equal scores in the order given, and are constants: no gradient passes through them.",
            "With G the gain over the ideal cumulative gain and d(r) = 1/log2(1 + r), lambdarank weighs a pair by |G_i - G_j| |d(r_i) - d(r_j)|, which is the formula's w.",
            "ndcg_loss1 weighs every ordered pair, whichever is more relevant, by its first element's G_i d(r_i); the pair of an element with itself is one of them and costs the constant G_i d(r_i) log_b 2.",
            "ndcg_loss2 weighs a pair by |G_i - G_j| (d(a) - d(a + 1)) with a = |r_i - r_j|, ndcg_loss2pp by mu times that plus lambdarank's weight.",
            "allRank keeps a pair's probability, before and after the power of its weight, at 1e-10 or above, so that a pair costs at most log_b 1e10 there; here it costs what the formula says.",
            ListInputs.NothingRelevantEdge,
            ListInputs.EmptyEdge,
            "An exponential gain overflows at a relevance of 1024.",
            "The exact Hessian, with the weights as constants, is LightGBM's; XGBoost's is twice as large.",
        ],
        HessianForms = [new("xgboost", 2), new("lightgbm")],
        Presets =
        [
            new("xgboost", ("k", "32"), ("norm", "true")),
            new("lightgbm", ("k", "30"), ("norm", "true")),
            new("allrank", ("base", "2"), ("k_counts", "both"), ("reduction", "sum")),
        ],
        Examples =
        [
            new("simple", "Three pairs, two of them in the wrong order.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]]}"""),
            new("boosted", "Slopes and curvatures as LightGBM wants them.",
                """{"scores":[0.5,1.2,-0.3,0.1,0.7],"relevance":[2,0,1,1,0],"group_ids":[1,1,1,2,2],"preset":"lightgbm","hessian":"lightgbm"}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: true);

    public static LambdarankLoss Configure(Settings settings) => new(
        settings[Sigma],
        new(
            (LambdaScheme)(int)settings[Scheme],
            double.IsNaN(settings[K]) ? int.MaxValue : (int)settings[K],
            settings.Word(KCounts) == "both",
            settings[Mu],
            settings.IsOn(Norm)),
        ListGains.IsExponential(settings),
        LogBase.Scale(settings));

    public ListAnswer Loss(in RankedList list)
    {
        Span<double> gains = list.Room<double>(GainsRoom)[..list.Length];
        ListGains.Fill(list.Relevance[..list.Length], exponential, gains);
        double ideal = ListGains.Ideal(gains, options.First);
        if (ideal == 0)
        {
            return new(0, IsPlain: true);
        }

        Rows.Divide<double, DoubleLane>(gains, ideal, gains);
        Span<double> discounts = list.Room<double>(DiscountsRoom)[..(list.Length + 1)];
        discounts[0] = 0;
        for (int rank = 1; rank <= list.Length; rank++)
        {
            discounts[rank] = ListGains.Discount(rank);
        }

        Span<int> ranks = list.Room<int>(RanksRoom)[..list.Length];
        list.RankByScore(ranks);
        bool byLead = options.ByLead && !AreEqual(list.Scores[..list.Length]);
        var weights = new LambdaWeights(list, options with { ByLead = byLead }, gains, discounts, ranks);
        ListAnswer answer = ListPairs.Run(list, this, weights, out double pull);
        double factor = scale * (options.ByLead ? Rescale(-2 * pull) : 1);
        Rows.Scale<double, DoubleLane>(list.Slopes[..list.Length], factor, list.Slopes);
        Rows.Scale<double, DoubleLane>(list.Curvatures[..list.Length], factor, list.Curvatures);
        return answer with { Loss = (answer.Loss + (weights.SumOfThemselves() * Ln2)) * factor };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V lead) where V : struct, ILane<V> => V.Logistic(sigma * lead).SoftplusOfMinus;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Corner<V>(V lead) where V : struct, ILane<V> => 1;

    private static double Rescale(double sum) => sum > 0 ? ScalarLane.Log1p(sum).Value / Ln2 / sum : 1;

    private static bool AreEqual(ReadOnlySpan<double> scores)
    {
        bool equal = true;
        foreach (double score in scores)
        {
            equal &= score == scores[0];
        }

        return equal;
    }
}
