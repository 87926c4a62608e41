using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct RanknetLoss(double sigma, RelevanceWeight weight, bool overPairs)
    : IListLoss<RanknetLoss>, IPairLoss
{
    private static readonly Parameter Sigma = Parameter.Number(
        "sigma", 1, "How steep the sigmoid of a difference of scores is.", min: 0, minOpen: true);

    private static readonly Parameter PairWeight = Parameter.Choice(
        "pair_weight", ["one", "difference", "square_difference"],
        "What a pair counts for: 1, the difference of its relevances, or that of their squares.");

    public static LossCard Card { get; } = new()
    {
        Name = "ranknet_loss",
        Family = "ranking",
        Aliases = ["ranknet", "pairwise_logistic_loss"],
        Summary = "Wants each element scored above every less relevant one, by logistic pairs.",
        Formula = @"\sum_{y_i>y_j} w_{ij}\,\log\left(1+e^{-\sigma(s_i-s_j)}\right)",
        References =
        [
            new("Burges et al., Learning to Rank using Gradient Descent, 2005", "https://doi.org/10.1145/1102351.1102363"),
            new("Burges, From RankNet to LambdaRank to LambdaMART, 2010", "https://www.microsoft.com/en-us/research/publication/from-ranknet-to-lambdarank-to-lambdamart-an-overview/"),
        ],
        Inputs = ListInputs.All(Domain.Real),
        Items = ListInputs.Items,
        Parameters = [Sigma, PairWeight, PairMean.Parameter],
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfPairs,
        Edges =
        [
            ListInputs.PairsEdge,
            ListInputs.EmptyEdge,
            "XGBoost's rank:pairwise doubles the Hessian; beside that it is this with lambdarank_normalization off and every pair counted.",
            "The item is a sum over pairs. allRank and TF-Ranking divide by all pairs of the batch: mean_over \"pairs\".",
        ],
        HessianForms = [new("xgboost", 2), new("lightgbm")],
        Presets =
        [
            new("xgboost"),
            new("allrank", ("mean_over", "pairs")),
            new("tfr", ("mean_over", "pairs")),
        ],
        Examples =
        [
            new("simple", "Three pairs, two of them in the wrong order.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]]}"""),
            new("grouped", "Lists of 3 and 2 elements, one behind the other, as boosted trees have them.",
                """{"scores":[0.5,1.2,-0.3,0.1,0.7],"relevance":[2,0,1,1,0],"group_sizes":[3,2],"hessian":"diagonal"}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: true, MeanOverPairs: overPairs);

    public static RanknetLoss Configure(Settings settings) => new(
        settings[Sigma], (RelevanceWeight)(int)settings[PairWeight], PairMean.IsOverPairs(settings));

    public ListAnswer Loss(in RankedList list) =>
        ListPairs.Run(list, this, new RelevanceWeights(list, weight), out _);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V lead) where V : struct, ILane<V> => V.Logistic(sigma * lead).SoftplusOfMinus;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Corner<V>(V lead) where V : struct, ILane<V> => 1;
}
