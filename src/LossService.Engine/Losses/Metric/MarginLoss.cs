using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Metric;

internal readonly struct MarginLoss(
    BatchMetric metric, Mining mining, Reducer reducer, double margin, double beta, double nu, bool countsTriplets,
    double tie)
    : IMinedLoss<MarginLoss>
{
    private const string BetasName = "betas";

    private static readonly Parameter Margin = Parameter.Number(
        "margin", 0.2, "How far on its side of beta each distance should be.");

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 1.2, "The distance that separates like from unlike; betas has one for each class.");

    private static readonly Parameter Nu = Parameter.Number(
        "nu", 0, "What each pair or triplet is charged for its anchor's beta, as a factor of it.", min: 0);

    private static readonly Parameter Form = Parameter.Choice(
        "form", ["pairs", "triplets"],
        "How often a pair counts: once, or once in each triplet that it stands in, as pytorch-metric-learning does.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(true);

    private static readonly Parameter Reduce = Reducer.Of("nonzero");

    public static LossCard Card { get; } = new()
    {
        Name = "margin_loss",
        Family = "metric",
        Summary = "Wants like pairs nearer than a boundary and unlike ones farther, by a margin.",
        Formula = @"\sum_{p\in P_i}\max(0,\ d_{ip}-\beta+m)+\sum_{n\in N_i}\max(0,\ \beta-d_{in}+m)+\nu\beta\,\#_i",
        References =
        [
            new("Wu et al., Sampling Matters in Deep Embedding Learning, 2017", "https://arxiv.org/abs/1706.07567"),
            new("pytorch-metric-learning, MarginLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#marginloss"),
        ],
        Inputs = Mined.InputsWith(
            new(
                BetasName, "A beta per class instead of beta; labels are then from 0 to K - 1.",
                [new("K") { Introduces = "K", Domain = Domain.Real }])
            {
                Optional = true,
                Beside = Mined.LabelsName,
                Gradient = GradientRule.OnRequest,
            }),
        Items = "N",
        Parameters = Mined.ByDistance([Margin, Beta, Nu, Form], Normalize, Reduce),
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
            Mining.EdgeOfTriplets,
            "beta is a constant, betas has a gradient when gradients names it: equal betas whose slopes are summed are a learned beta.",
            "nu adds nu times beta for each pair, or with form \"triplets\" for each triplet; a mean divides that too. pytorch-metric-learning adds a single beta once a batch: leave nu 0 and add it yourself.",
            "With form \"triplets\" tuples and nonzero count a pair as often as it stands in a triplet; bounds of reducer judge each pair.",
            "On a corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets = [new("pml", ("form", "triplets"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1]}"""),
            new("betas", "A boundary for each class, with its gradient.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"betas":[1.1,1.3],"nu":0.01,"gradients":["embeddings","betas"]}"""),
            new("drawn", "For each positive pair a negative, drawn by its distance; the seed comes back.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1],"miner":"distance_weighted","seed":7,"return_tuples":true}"""),
        ],
    };

    public static string OfClasses => BetasName;

    public bool CountsTriplets => countsTriplets;

    public BatchMetric Metric => metric;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static MarginLoss Configure(Settings settings)
    {
        BatchMetric metric = BatchMetric.Of(settings, Normalize);
        return new(
            metric, Mining.Of(settings, metric), Reducer.Of(settings, Reduce), settings[Margin], settings[Beta],
            settings[Nu], settings[Form] == 1, settings.Tie);
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        double border = double.IsNaN(row.OfClass) ? beta : row.OfClass;
        AnchorAnswer answer = default;
        Add(ref answer, row.Positives, row.PositiveTimes, border, 1, row.OnPositives);
        Add(ref answer, row.Negatives, row.NegativeTimes, border, -1, row.OnNegatives);
        double charges = 0;
        foreach (double times in row.PositiveTimes)
        {
            charges += times;
        }

        charges = countsTriplets ? charges : row.Positives.Length + row.Negatives.Length;
        return nu == 0 ? answer : answer with
        {
            Loss = answer.Loss + (nu * charges * border),
            OnClass = answer.OnClass + (nu * charges),
        };
    }

    // What the distances of a side cost: of positives beyond the border, with a sign of -1 of negatives within it.
    private void Add(
        ref AnchorAnswer answer, ReadOnlySpan<double> distances, ReadOnlySpan<double> times, double border, double sign,
        Span<double> slopes)
    {
        for (int i = 0; i < distances.Length; i++)
        {
            double lag = (sign * (distances[i] - border)) + margin;
            double cost = AnchorAnswer.Hinge(lag, tie, out double slope);
            if (!reducer.Keeps(cost))
            {
                continue;
            }

            double count = countsTriplets ? times[i] : 1;
            slopes[i] = sign * count * slope;
            answer = new(
                answer.Loss + (count * cost), answer.Tuples + (long)count,
                answer.Nonzero + (cost > 0 ? (long)count : 0))
            {
                OnClass = answer.OnClass - slopes[i],
                Ties = answer.Ties + (lag == 0 ? (long)count : 0),
            };
        }
    }
}
