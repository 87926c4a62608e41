using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct SupconLoss(Similarity similarity, Mining mining, Reducer reducer)
    : ISimilarityLoss<SupconLoss>
{
    private static readonly Parameter Temperature = Similarity.TemperatureOf(0.1);

    private static readonly Parameter Reduce = Reducer.Of("tuples");

    public static LossCard Card { get; } = new()
    {
        Name = "supcon_loss",
        Family = "metric",
        Aliases = ["supervised_contrastive_loss"],
        Summary = "Draws all samples of a class together, against everything else in the batch.",
        Formula = @"\frac{-1}{|P_i|}\sum_{p\in P_i}\log\frac{e^{s_{ip}}}{\sum_{k\ne i}e^{s_{ik}}},\qquad s_{ij}=\frac{z_i\cdot z_j}{\tau\,\lVert z_i\rVert\lVert z_j\rVert}",
        References = [new("Khosla et al., Supervised Contrastive Learning, 2020", "https://arxiv.org/abs/2004.11362")],
        Inputs = Mined.InputsOfPairs,
        Items = "N",
        Parameters = Mined.ByContrast([Temperature], Reduce),
        Conflicts = Mining.Conflicts,
        Draws = Mining.Draws,
        Outputs = Mined.Pairs,
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges =
        [
            .. Similarity.Edges,
            .. Mining.Edges,
            Mining.EdgeOfContrast,
            "An anchor without positives costs 0 and leaves the mean; some implementations give NaN.",
            "An anchor that has a positive is the tuple that reducer counts and judges, in float64 for float32 too; reducer \"nonzero\" leaves out those that cost 0 as well, as pytorch-metric-learning does.",
            "The paper's factor, temperature over base temperature, is loss_weight.",
        ],
        Presets = [new("pml", ("temperature", "0.1"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[1.0,0.2],[0.1,1.0],[0.9,0.0],[0.3,1.0]],"labels":[0,1,0,1]}"""),
            new("distance", "Two classes on a line, by how far their points are apart.",
                """{"embeddings":[[0.0],[2.0],[0.5],[3.0]],"labels":[0,1,0,1],"distance":"lp","p":1,"normalize_embeddings":false,"temperature":1}"""),
            new("triplets", "Who meets whom, as a sampler of triplets chose; the pair (0, 2) counts once.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"triplets":[[0,2,1],[0,2,3],[3,1,0]]}"""),
            new("mined", "The farthest positive of each anchor against the nearest negative.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4],[0.9,0.8]],"labels":[0,1,0,1,0],"miner":"batch_hard","return_tuples":true}"""),
        ],
    };

    public static Positives Positives => Positives.Related;

    public static bool IsMutual => false;

    public static bool CostsByAnchor => true;

    public Similarity Similarity => similarity;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static SupconLoss Configure(Settings settings)
    {
        Similarity similarity = Similarity.Of(settings, Temperature, Similarity.NormalizeEmbeddings);
        return new(similarity, Mining.Of(settings, similarity.Metric), Reducer.Of(settings, Reduce));
    }

    public AnchorAnswer Row<T, V>(in AnchorRow<T> row)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T> =>
        Contrast.Mean<T, V>(row, similarity.Temperature, reducer);
}
