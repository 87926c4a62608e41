using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Metric;

internal readonly struct MultiSimilarityLoss(
    BatchMetric metric, Mining mining, Reducer reducer, double alpha, double beta, double border)
    : IMinedLoss<MultiSimilarityLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 2, "How sharply positives are weighed.", min: 0, minOpen: true);

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 50, "How sharply negatives are weighed.", min: 0, minOpen: true);

    private static readonly Parameter Base = Parameter.Number(
        "base", 0.5, "The similarity that separates like from unlike; with another distance than dot, the distance.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(true);

    private static readonly Parameter Reduce = Reducer.Of("anchors");

    public static LossCard Card { get; } = new()
    {
        Name = "multi_similarity_loss",
        Family = "metric",
        Summary = "Weighs pairs by their own similarity and by how it compares to the others.",
        Formula = @"\frac1\alpha\log\Bigl(1+\sum_{p\in P_i}e^{-\alpha(s_{ip}-\lambda)}\Bigr)+\frac1\beta\log\Bigl(1+\sum_{n\in N_i}e^{\beta(s_{in}-\lambda)}\Bigr)",
        References =
        [
            new("Wang et al., Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, 2019", "https://arxiv.org/abs/1904.06627"),
            new("pytorch-metric-learning, MultiSimilarityLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#multisimilarityloss"),
        ],
        Inputs = Mined.InputsOfPairs,
        Items = "N",
        Parameters = Mined.ByDistance([Alpha, Beta, Base], Normalize, Reduce, Distance.OfSimilarities),
        Conflicts = Mining.Conflicts,
        Draws = Mining.Draws,
        Outputs = Mined.Pairs,
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges =
        [
            .. Mined.Edges,
            .. Mining.Edges,
            "An anchor without any pair costs 0. The anchor itself is the tuple that reducer counts, as in pytorch-metric-learning.",
            "Similarities are products, of vectors of length 1 unless normalize_embeddings is off.",
            "With another distance than dot, positives weigh by e^(alpha (d - base)) and negatives by e^(beta (base - d)), as in pytorch-metric-learning; base and a miner's bounds are then distances, 1 - cos with cosine.",
        ],
        Presets = [new("pml", ("alpha", "2"), ("beta", "50"), ("base", "0.5"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1]}"""),
            new("distance", "The same by squared distances, with their border between the classes.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"distance":"squared_l2","base":0.8}"""),
            new("triplets", "Who meets whom, as a sampler of triplets chose; the pair (0, 2) counts once.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"triplets":[[0,2,1],[0,2,3],[3,1,0]]}"""),
            new("mined", "Only the pairs that are not clearly apart from the other kind.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"miner":"multi_similarity","return_tuples":true}"""),
        ],
    };

    public BatchMetric Metric => metric;

    public bool CostsByAnchor => true;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static MultiSimilarityLoss Configure(Settings settings)
    {
        BatchMetric metric = BatchMetric.OfSimilarities(settings, Normalize);
        return new(
            metric, Mining.Of(settings, metric), Reducer.Of(settings, Reduce), settings[Alpha], settings[Beta],
            (metric.IsSimilarity ? -1 : 1) * settings[Base]);
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        double loss = Side(row, row.Positives, alpha, row.OnPositives);
        loss += Side(row, row.Negatives, -beta, row.OnNegatives);
        return new(loss, row.Positives.IsEmpty && row.Negatives.IsEmpty ? 0 : 1, loss > 0 ? 1 : 0);
    }

    // 1/|scale| log(1 + Σ e^(scale (distance - border))), with its slopes: a distance may be minus a similarity, as the
    // border is then.
    private double Side(in Neighbours row, ReadOnlySpan<double> distances, double scale, Span<double> slopes)
    {
        Span<double> over = row.Room[..distances.Length];
        for (int i = 0; i < distances.Length; i++)
        {
            over[i] = distances[i] - border;
        }

        double loss = AnchorAnswer.LogSum(0, scale, over, slopes);
        for (int i = 0; i < distances.Length && scale < 0; i++)
        {
            slopes[i] = -slopes[i];
        }

        return loss / Math.Abs(scale);
    }
}
