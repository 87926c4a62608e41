using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct InfoNceLoss(Similarity similarity) : ISimilarityLoss<InfoNceLoss>
{
    private static readonly Parameter Temperature = Similarity.TemperatureOf(0.05);

    public static LossCard Card { get; } = new()
    {
        Name = "info_nce_loss",
        Family = "metric",
        Aliases = ["mnrl", "multiple_negatives_ranking_loss"],
        Summary = "Finds each query's own key among the keys of the whole batch.",
        Formula = @"-\log\frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}},\qquad s_{ij}=\frac{q_i\cdot k_j}{\tau}",
        References =
        [
            new("van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018", "https://arxiv.org/abs/1807.03748"),
            new("Henderson et al., Efficient Natural Language Response Suggestion for Smart Reply, 2017", "https://arxiv.org/abs/1705.00652"),
        ],
        Inputs =
        [
            new("queries", "N E", "Vectors q, one a row.") { Gradient = GradientRule.Default },
            new("keys", "N E", "Vectors k; row i belongs to query i, all others are its negatives.") { Gradient = GradientRule.Default },
        ],
        Items = "N",
        Parameters = Similarity.Parameters(Temperature, Similarity.NormalizeEmbeddings),
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges = [.. Similarity.Edges, "A single pair costs 0: there is nothing to confuse it with."],
        Examples =
        [
            new("simple", "Two pairs that point roughly the same way.",
                """{"queries":[[1.0,0.2],[0.1,1.0]],"keys":[[0.9,0.0],[0.3,1.0]]}"""),
            new("raw", "Products as they are, temperature 1.",
                """{"queries":[[2.0,0.5],[0.1,1.0]],"keys":[[1.0,0.0],[0.0,1.0]],"normalize_embeddings":false,"temperature":1}"""),
            new("distance", "The nearest key should be the query's own.",
                """{"queries":[[2.0,0.5],[0.1,1.0]],"keys":[[1.0,0.0],[0.0,1.0]],"distance":"squared_l2","normalize_embeddings":false,"temperature":1}"""),
        ],
    };

    public static Positives Positives => Positives.SamePlace;

    public static bool IsMutual => false;

    public Similarity Similarity => similarity;

    public static InfoNceLoss Configure(Settings settings) =>
        new(Similarity.Of(settings, Temperature, Similarity.NormalizeEmbeddings));

    public AnchorAnswer Row<T, V>(in AnchorRow<T> row)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T> =>
        Contrast.Pairs<T, V>(row, similarity.Temperature, Reducer.OfAnchors);
}
