using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct LiftedStructureLoss(
    BatchMetric metric, Mining mining, Reducer reducer, double margin, double positiveMargin, double tie)
    : IMinedLoss<LiftedStructureLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How far negatives should be.");

    private static readonly Parameter PositiveMargin = Parameter.Number(
        "positive_margin", 0, "How far positives may be.");

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
        Inputs = Mined.Inputs,
        Items = "N",
        Parameters = Mined.ByDistance([Margin, PositiveMargin], Normalize, Reduce),
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
            "This is the generalized form, one item an anchor: the first publication's pairs share the negatives of both ends.",
            "An anchor without positives or negatives costs 0. The anchor itself is the tuple that reducer counts.",
            "On the corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets = [new("pml", ("margin", "1"), ("normalize_embeddings", "true"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1]}"""),
        ],
    };

    public static bool CostsByAnchor => true;

    public BatchMetric Metric => metric;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static LiftedStructureLoss Configure(Settings settings)
    {
        BatchMetric metric = BatchMetric.Of(settings, Normalize);
        return new(
            metric, Mining.Of(settings, metric), Reducer.Of(settings, Reduce), settings[Margin],
            settings[PositiveMargin], settings.Tie);
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        if (row.Positives.IsEmpty || row.Negatives.IsEmpty)
        {
            return default;
        }

        double near = AnchorAnswer.LogSum(double.NegativeInfinity, 1, row.Positives, row.OnPositives);
        double far = AnchorAnswer.LogSum(double.NegativeInfinity, -1, row.Negatives, row.OnNegatives);
        double loss = AnchorAnswer.Hinge(near - positiveMargin + margin + far, tie, out double slope);
        Rows.Scale<double, DoubleLane>(row.OnPositives, slope, row.OnPositives);
        Rows.Scale<double, DoubleLane>(row.OnNegatives, -slope, row.OnNegatives);
        return new(loss, 1, loss > 0 ? 1 : 0);
    }
}
