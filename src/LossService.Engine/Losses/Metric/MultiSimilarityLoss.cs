using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Metric;

internal readonly struct MultiSimilarityLoss(
    BatchMetric metric, Reducer reducer, double alpha, double beta, double middle, double epsilon)
    : IMinedLoss<MultiSimilarityLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 2, "How sharply positives are weighed.", min: 0, minOpen: true);

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 50, "How sharply negatives are weighed.", min: 0, minOpen: true);

    private static readonly Parameter Base = Parameter.Number(
        "base", 0.5, "The similarity that separates like from unlike.");

    private static readonly Parameter MinerChoice = Parameter.Choice(
        "miner", ["all", "multi_similarity"],
        "Which pairs count: all, or those that are not clearly apart from the anchor's hardest pair of the other kind.");

    private static readonly Parameter MinerEpsilon = Parameter.Number(
        "miner_epsilon", 0.1, "What the multi_similarity miner calls clearly apart.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(true);

    private static readonly Parameter Reduce = Mined.ReducerOf("anchors");

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
        Inputs = Mined.Inputs,
        Items = "N",
        Parameters = [Alpha, Beta, Base, MinerChoice, MinerEpsilon, Normalize, Reduce, Mined.ReturnTuples],
        Outputs = Mined.Pairs,
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges =
        [
            .. Mined.Edges,
            "Similarities are products, of vectors of length 1 unless normalize_embeddings is off.",
            "The miner keeps negatives more alike than the least alike positive less its epsilon, and positives likewise; it needs both.",
        ],
        Presets = [new("pml", ("alpha", "2"), ("beta", "50"), ("base", "0.5"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1]}"""),
        ],
    };

    public BatchMetric Metric => metric;

    public Reducer Reducer => reducer;

    public static MultiSimilarityLoss Configure(Settings settings) => new(
        BatchMetric.Products(settings, Normalize), (Reducer)(int)settings[Reduce], settings[Alpha], settings[Beta],
        settings[Base], settings[MinerChoice] == 0 ? double.PositiveInfinity : settings[MinerEpsilon]);

    public AnchorAnswer Anchor(in Neighbours row)
    {
        // What is far is unlike: a distance is minus a similarity here.
        double farthest = Most(row.Positives, 1);
        double nearest = -Most(row.Negatives, -1);
        double attraction = Side(
            row, row.Positives, nearest - epsilon, double.PositiveInfinity, alpha, row.OnPositives, out int positives);
        double repulsion = Side(
            row, row.Negatives, double.NegativeInfinity, farthest + epsilon, -beta, row.OnNegatives, out int negatives);
        double loss = attraction + repulsion;
        return new(loss, positives + negatives, loss > 0 ? positives + negatives : 0);
    }

    private static double Most(ReadOnlySpan<double> distances, double sign)
    {
        double most = double.NegativeInfinity;
        foreach (double distance in distances)
        {
            most = sign * distance <= most ? most : sign * distance;
        }

        return most;
    }

    // 1/|scale| log(1 + Σ e^(scale (distance + base))) over those strictly between two distances, with its slopes.
    private double Side(
        in Neighbours row, ReadOnlySpan<double> distances, double above, double below, double scale,
        Span<double> slopes, out int count)
    {
        Span<double> kept = row.Room[..distances.Length];
        Span<int> order = row.Order;
        count = 0;
        for (int i = 0; i < distances.Length; i++)
        {
            if (!(distances[i] <= above) && !(distances[i] >= below))
            {
                kept[count] = distances[i] + middle;
                order[count++] = i;
            }
        }

        Span<double> shares = row.Room.Slice(distances.Length, count);
        double loss = AnchorAnswer.LogSum(0, scale, kept[..count], shares);
        for (int i = 0; i < count; i++)
        {
            slopes[order[i]] = scale > 0 ? shares[i] : -shares[i];
        }

        return loss / Math.Abs(scale);
    }
}
