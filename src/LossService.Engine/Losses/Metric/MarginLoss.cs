using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Metric;

internal readonly struct MarginLoss(
    BatchMetric metric, Mining mining, Reducer reducer, double margin, double beta, double tie)
    : IMinedLoss<MarginLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 0.2, "How far on its side of beta each distance should be.");

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 1.2, "The distance that separates like from unlike.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(true);

    private static readonly Parameter Reduce = Reducer.Of("nonzero");

    public static LossCard Card { get; } = new()
    {
        Name = "margin_loss",
        Family = "metric",
        Summary = "Wants like pairs nearer than a boundary and unlike ones farther, by a margin.",
        Formula = @"\sum_{p\in P_i}\max(0,\ d_{ip}-\beta+m)+\sum_{n\in N_i}\max(0,\ \beta-d_{in}+m)",
        References =
        [
            new("Wu et al., Sampling Matters in Deep Embedding Learning, 2017", "https://arxiv.org/abs/1706.07567"),
            new("pytorch-metric-learning, MarginLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#marginloss"),
        ],
        Inputs = Mined.InputsOrTriplets,
        Items = "N",
        Parameters = Mined.ByDistance([Margin, Beta], Normalize, Reduce),
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
            "beta is a constant here; its slope is the number of positive pairs that cost something less that of negative ones, negated.",
            "On a corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets = [new("pml", ("margin", "0.2"), ("beta", "1.2"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1]}"""),
            new("drawn", "For each positive pair a negative, drawn by its distance; the seed comes back.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"miner":"distance_weighted","seed":7,"return_tuples":true}"""),
        ],
    };

    public BatchMetric Metric => metric;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static MarginLoss Configure(Settings settings)
    {
        BatchMetric metric = BatchMetric.Of(settings, Normalize);
        return new(
            metric, Mining.Of(settings, metric), Reducer.Of(settings, Reduce), settings[Margin], settings[Beta],
            settings.Tie);
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        AnchorAnswer answer = default;
        Add(ref answer, row.Positives, 1, row.OnPositives);
        Add(ref answer, row.Negatives, -1, row.OnNegatives);
        return answer;
    }

    // What the distances of a side cost: of positives beyond beta, with a sign of -1 of negatives within it.
    private void Add(ref AnchorAnswer answer, ReadOnlySpan<double> distances, double sign, Span<double> slopes)
    {
        for (int i = 0; i < distances.Length; i++)
        {
            double cost = AnchorAnswer.Hinge((sign * (distances[i] - beta)) + margin, tie, out double slope);
            if (reducer.Keeps(cost))
            {
                slopes[i] = sign * slope;
                answer = new(answer.Loss + cost, answer.Tuples + 1, answer.Nonzero + (cost > 0 ? 1 : 0));
            }
        }
    }
}
