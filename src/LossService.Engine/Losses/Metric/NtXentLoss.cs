using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct NtXentLoss(Similarity similarity, Mining mining, Reducer reducer, bool areApart)
    : ISimilarityLoss<NtXentLoss>
{
    private static readonly Parameter Temperature = Similarity.TemperatureOf(0.5);

    private static readonly Parameter Denominator = Parameter.Choice(
        "denominator", ["all", "negatives_plus_positive"],
        "Who a positive competes with: all other samples, or all negatives and not the anchor's other positives.");

    private static readonly Parameter Reduce = Reducer.Of("tuples");

    public static LossCard Card { get; } = new()
    {
        Name = "nt_xent_loss",
        Family = "metric",
        Aliases = ["ntxent", "ntxent_loss"],
        Summary = "Makes views of the same thing agree, against everything else in the batch.",
        Formula = @"\sum_{p\in P_i}-\log\frac{e^{s_{ip}}}{\sum_{k\ne i}e^{s_{ik}}},\qquad s_{ij}=\frac{z_i\cdot z_j}{\tau\,\lVert z_i\rVert\lVert z_j\rVert}",
        References =
        [
            new("Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, 2020", "https://arxiv.org/abs/2002.05709"),
            new("Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, 2016", "https://papers.nips.cc/paper/6200"),
        ],
        Inputs = Mined.InputsOfPairs,
        Items = "N",
        Parameters = Mined.ByContrast([Temperature, Denominator], Reduce),
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
            "Of listed or mined pairs denominator \"all\" takes the anchor's own negatives and all of its own positives.",
            "An item is the sum over its anchor's positives; the mean divides by the number of such pairs, 2N for N pairs of views, unless reducer or avg_factor says otherwise.",
            "The positive pairs are the tuples that reducer counts and judges; a pair that it leaves out still competes with the others. It judges costs in float64 for float32 too.",
            "An anchor without positives costs 0; so does one without negatives under negatives_plus_positive.",
        ],
        Presets =
        [
            new("pml", ("temperature", "0.07"), ("denominator", "negatives_plus_positive")),
            new("optax", ("temperature", "0.07"), ("denominator", "negatives_plus_positive")),
        ],
        Examples =
        [
            new("simple", "Two things in two views each.",
                """{"embeddings":[[1.0,0.2],[0.1,1.0],[0.9,0.0],[0.3,1.0]],"labels":[0,1,0,1]}"""),
            new("classes", "Three of one class; each competes with the negatives alone.",
                """{"embeddings":[[1.0,0.2],[0.8,0.1],[0.9,0.0],[0.3,1.0]],"labels":[7,7,7,2],"denominator":"negatives_plus_positive","temperature":0.07}"""),
            new("distance", "Minus a distance for a similarity, as pytorch-metric-learning with LpDistance(power=2).",
                """{"embeddings":[[1.0,0.2],[0.1,1.0],[0.9,0.0],[0.3,1.0]],"labels":[0,1,0,1],"distance":"squared_l2","preset":"pml"}"""),
            new("triplets", "Anchors that meet only the samples of their own triplets.",
                """{"embeddings":[[1.0,0.2],[0.1,1.0],[0.9,0.0],[0.3,1.0]],"triplets":[[0,2,1],[0,2,3],[1,3,0]]}"""),
            new("reducer", "Only pairs that are not learned yet, and their mean.",
                """{"embeddings":[[1.0,0.2],[0.1,1.0],[0.9,0.0],[0.7,1.0]],"labels":[0,1,0,1],"reducer":"threshold","reducer_low":0.5}"""),
            new("mined", "Only the pairs that are not clearly apart from the other kind, as pytorch-metric-learning mines them.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"miner":"multi_similarity","miner_epsilon":0.9,"return_tuples":true,"preset":"pml"}"""),
        ],
    };

    public static Positives Positives => Positives.Related;

    public static bool IsMutual => false;

    public Similarity Similarity => similarity;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static NtXentLoss Configure(Settings settings)
    {
        Similarity similarity = Similarity.Of(settings, Temperature, Similarity.NormalizeEmbeddings);
        return new(
            similarity, Mining.Of(settings, similarity.Metric), Reducer.Of(settings, Reduce),
            settings[Denominator] == 1);
    }

    public AnchorAnswer Row<T, V>(in AnchorRow<T> row)
        where T : unmanaged, IFloatingPointIeee754<T>
        where V : struct, IVectorLane<V, T> =>
        Contrast.Pairs<T, V>(row, similarity.Temperature, reducer, areApart);
}
