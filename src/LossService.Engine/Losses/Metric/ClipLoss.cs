using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct ClipLoss(Similarity similarity) : ISimilarityLoss<ClipLoss>
{
    private static readonly Parameter Temperature = Similarity.TemperatureOf(0.07);

    public static LossCard Card { get; } = new()
    {
        Name = "clip_loss",
        Family = "metric",
        Aliases = ["symmetric_info_nce_loss"],
        Summary = "Matches two views of a batch with each other, in both directions.",
        Formula = @"-\tfrac12\log\frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}-\tfrac12\log\frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}},\qquad s_{ij}=\frac{q_i\cdot k_j}{\tau}",
        References = [new("Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021", "https://arxiv.org/abs/2103.00020")],
        Inputs =
        [
            new("queries", "N E", "Vectors of one view, such as images; one a row.") { Gradient = GradientRule.Default },
            new("keys", "N E", "Vectors of the other view, such as captions; row i belongs to row i.") { Gradient = GradientRule.Default },
        ],
        Items = "N",
        Parameters = Similarity.Parameters(Temperature, Similarity.NormalizeEmbeddings),
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges = [.. Similarity.Edges, "The default temperature is where CLIP's learned one starts."],
        Examples =
        [
            new("simple", "Two images and their captions.",
                """{"queries":[[1.0,0.2],[0.1,1.0]],"keys":[[0.9,0.0],[0.3,1.0]]}"""),
            new("distance", "The nearest key should be the query's own.",
                """{"queries":[[2.0,0.5],[0.1,1.0]],"keys":[[1.0,0.0],[0.0,1.0]],"distance":"squared_l2","normalize_embeddings":false,"temperature":1}"""),
        ],
    };

    public static Positives Positives => Positives.SamePlace;

    public static bool IsMutual => true;

    public Similarity Similarity => similarity;

    public static ClipLoss Configure(Settings settings) =>
        new(Similarity.Of(settings, Temperature, Similarity.NormalizeEmbeddings));

    public AnchorAnswer Row<T, V>(in AnchorRow<T> row)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T> =>
        Contrast.Pairs<T, V>(row, similarity.Temperature, Reducer.OfAnchors);
}
