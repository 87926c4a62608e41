using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct LiftedStructureLoss(
    BatchMetric metric, Mining mining, Reducer reducer, double margin, double positiveMargin,
    bool isOfPairs, double tie)
    : IMinedLoss<LiftedStructureLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How far negatives should be.");

    private static readonly Parameter PositiveMargin = Parameter.Number(
        "positive_margin", 0, "How far positives may be.");

    private static readonly Parameter Form = Parameter.Choice(
        "form", ["generalized", "pairs"],
        "generalized sets all positives of an anchor together against its negatives; pairs, as first published, each positive pair against the negatives of both ends, squared and halved.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(false);

    private static readonly Parameter Reduce = Reducer.Of("anchors");

    public static LossCard Card { get; } = new()
    {
        Name = "lifted_structure_loss",
        Family = "metric",
        Aliases = ["generalized_lifted_structure_loss"],
        Summary = "Sets all positives of an anchor together against all of its negatives.",
        Formula = @"\max\Bigl(0,\ \log\sum_{p\in P_i}e^{d_{ip}-m_p}+\log\sum_{n\in N_i}e^{m-d_{in}}\Bigr)",
        References =
        [
            new("Hermans et al., In Defense of the Triplet Loss for Person Re-Identification, 2017", "https://arxiv.org/abs/1703.07737"),
            new("Oh Song et al., Deep Metric Learning via Lifted Structured Feature Embedding, 2016", "https://arxiv.org/abs/1511.06452"),
            new("pytorch-metric-learning, GeneralizedLiftedStructureLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#generalizedliftedstructureloss"),
        ],
        Inputs = Mined.InputsOfPairs,
        Items = "N",
        Parameters = Mined.ByDistance([Margin, PositiveMargin, Form], Normalize, Reduce),
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
            "Of the generalized form the anchor itself is the tuple that reducer counts; without positives or negatives it costs 0.",
            "Of the form \"pairs\" a pair costs max(0, J)² / 2 with J = d - positive_margin + log of the sum over the negatives of both ends; with reducer \"tuples\" its mean is that of TensorFlow Addons and of pytorch-metric-learning's LiftedStructureLoss.",
            "A pair of whose ends neither has a negative costs 0 and is not counted.",
            "On the corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets =
        [
            new("pml", ("margin", "1"), ("normalize_embeddings", "true")),
            new("tfa", ("form", "pairs"), ("reducer", "tuples")),
        ],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1]}"""),
            new("triplets", "Who meets whom, as a sampler of triplets chose; the pair (0, 2) counts once.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"triplets":[[0,2,1],[0,2,3],[3,1,0]]}"""),
            new("pairs", "The first publication's pairs, which share the negatives of both ends.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"form":"pairs","reducer":"tuples"}"""),
        ],
    };

    public BatchMetric Metric => metric;

    public bool CostsByAnchor => !isOfPairs;

    public bool MeetsPeers => isOfPairs;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static LiftedStructureLoss Configure(Settings settings)
    {
        BatchMetric metric = BatchMetric.Of(settings, Normalize);
        return new(
            metric, Mining.Of(settings, metric), Reducer.Of(settings, Reduce), settings[Margin],
            settings[PositiveMargin], settings[Form] == 1, settings.Tie);
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        if (isOfPairs)
        {
            return Pairs(row);
        }

        if (row.Positives.IsEmpty || row.Negatives.IsEmpty)
        {
            return default;
        }

        double near = AnchorAnswer.LogSum(double.NegativeInfinity, 1, row.Positives, row.OnPositives);
        double far = AnchorAnswer.LogSum(double.NegativeInfinity, -1, row.Negatives, row.OnNegatives);
        double lag = near - positiveMargin + margin + far;
        double loss = AnchorAnswer.Hinge(lag, tie, out double slope);
        Rows.Scale<double, DoubleLane>(row.OnPositives, slope, row.OnPositives);
        Rows.Scale<double, DoubleLane>(row.OnNegatives, -slope, row.OnNegatives);
        return new(loss, 1, loss > 0 ? 1 : 0) { Ties = lag == 0 ? 1 : 0 };
    }

    // log Σ e^(m - d) over the negatives.
    public double Surroundings(in Neighbours row) => margin + AnchorAnswer.LogSum(
        double.NegativeInfinity, -1, row.Negatives, row.Room[..row.Negatives.Length]);

    // The share of one end in log(e^own + e^other).
    public double ShareOf(double own, double other) => double.IsNegativeInfinity(own) ? 0
        : double.IsNegativeInfinity(other) ? 1 : ScalarLane.Logistic(own - other).Sigmoid.Value;

    public void Spread(in Neighbours row, double slope)
    {
        AnchorAnswer.LogSum(double.NegativeInfinity, -1, row.Negatives, row.OnNegatives);
        Rows.Scale<double, DoubleLane>(row.OnNegatives, -slope, row.OnNegatives);
    }

    private AnchorAnswer Pairs(in Neighbours row)
    {
        AnchorAnswer answer = default;
        double own = row.Surroundings[row.Anchor];
        for (int p = 0; p < row.Positives.Length; p++)
        {
            double other = row.Surroundings[row.PositivePlaces[p]];
            double most = own >= other ? own : other;
            double gap = own >= other ? other - own : own - other;
            if (double.IsNegativeInfinity(most))
            {
                continue;
            }

            double far = double.IsNegativeInfinity(gap)
                ? most : most + ScalarLane.Log1p(ScalarLane.Exp(gap).Value).Value;
            double lag = AnchorAnswer.Hinge(row.Positives[p] - positiveMargin + far, tie, out _);
            double cost = lag * lag / 2;
            if (reducer.Keeps(cost))
            {
                row.OnPositives[p] = lag;
                answer = new(answer.Loss + cost, answer.Tuples + 1, answer.Nonzero + (cost > 0 ? 1 : 0));
            }
        }

        return answer;
    }
}
