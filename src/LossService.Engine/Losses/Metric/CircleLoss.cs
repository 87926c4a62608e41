using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct CircleLoss(
    BatchMetric metric, Mining mining, Reducer reducer, double margin, double gamma, bool detaches)
    : IMinedLoss<CircleLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 0.4, "How far from perfect a similarity may stay: 1 - margin for like pairs, margin for others.");

    private static readonly Parameter Gamma = Parameter.Number(
        "gamma", 80, "The scale of the similarities.", min: 0, minOpen: true);

    private static readonly Parameter Detach = Parameter.Flag(
        "detach_weights", true, "Takes the weights of the pairs as constants; Keras does not.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(true);

    private static readonly Parameter Reduce = Reducer.Of("nonzero");

    public static LossCard Card { get; } = new()
    {
        Name = "circle_loss",
        Family = "metric",
        Summary = "Pulls each pair as hard as it is far from its own optimum.",
        Formula = @"\log\Bigl(1+\sum_{n\in N_i}e^{\gamma\alpha_n(s_{in}-m)}\sum_{p\in P_i}e^{-\gamma\alpha_p(s_{ip}-1+m)}\Bigr),\ \alpha_p=[1+m-s_{ip}]_+,\ \alpha_n=[s_{in}+m]_+",
        References =
        [
            new("Sun et al., Circle Loss: A Unified Perspective of Pair Similarity Optimization, 2020", "https://arxiv.org/abs/2002.10857"),
            new("pytorch-metric-learning, CircleLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#circleloss"),
        ],
        Inputs = Mined.InputsOfPairs,
        Items = "N",
        Parameters = Mined.BySimilarity([Margin, Gamma, Detach], Normalize, Reduce),
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
            "An anchor without positives or negatives costs 0. The anchor itself is the tuple that reducer counts.",
            "Similarities are products, of vectors of length 1 unless normalize_embeddings is off. There is no other distance: the optima 1 - margin and margin are cosines, and pytorch-metric-learning refuses any other too.",
            "The weights α are constants, as in the paper's gradient; differences must freeze them.",
        ],
        Presets = [new("keras", ("detach_weights", "false"), ("reducer", "anchors")), new("pml", ("margin", "0.4"), ("gamma", "80"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"labels":[0,1,0,1]}"""),
            new("triplets", "Who meets whom, as a sampler of triplets chose; the pair (0, 2) counts once.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0.4]],"triplets":[[0,2,1],[0,2,3],[3,1,0]]}"""),
        ],
    };

    public BatchMetric Metric => metric;

    public bool CostsByAnchor => true;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static CircleLoss Configure(Settings settings)
    {
        BatchMetric metric = BatchMetric.Products(settings, Normalize);
        return new(
            metric, Mining.Of(settings, metric), Reducer.Of(settings, Reduce), settings[Margin], settings[Gamma],
            settings.IsOn(Detach));
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        if (row.Positives.IsEmpty || row.Negatives.IsEmpty)
        {
            return default;
        }

        // A distance is minus a similarity here, so that positives want -1 and negatives 0.
        double attraction = Side(row, row.Positives, row.OnPositives, 1, 1 + margin, 1 - margin);
        double repulsion = Side(row, row.Negatives, row.OnNegatives, -1, margin, -margin);
        Logistic<ScalarLane> logistic = ScalarLane.Logistic(attraction + repulsion);
        Rows.Scale<double, DoubleLane>(row.OnPositives, logistic.Sigmoid.Value, row.OnPositives);
        Rows.Scale<double, DoubleLane>(row.OnNegatives, logistic.Sigmoid.Value, row.OnNegatives);
        double loss = logistic.Softplus.Value;
        return new(loss, 1, loss > 0 ? 1 : 0);
    }

    // log Σ e^(γ α (sign·d + shift)) with α = [sign·d + room]₊, and its slopes on the distances.
    private double Side(
        in Neighbours row, ReadOnlySpan<double> distances, Span<double> slopes, double sign, double room, double shift)
    {
        Span<double> exponents = row.Room[..distances.Length];
        for (int i = 0; i < distances.Length; i++)
        {
            double lack = (sign * distances[i]) + room;
            double over = (sign * distances[i]) + shift;
            double weight = lack > 0 || double.IsNaN(lack) ? lack : 0;
            exponents[i] = gamma * weight * over;
            slopes[i] = sign * gamma * (detaches || weight == 0 ? weight : weight + over);
        }

        Span<double> shares = row.Room.Slice(distances.Length, distances.Length);
        double sum = AnchorAnswer.LogSum(double.NegativeInfinity, 1, exponents, shares);
        for (int i = 0; i < distances.Length; i++)
        {
            slopes[i] = slopes[i] == 0 ? 0 : slopes[i] * shares[i];
        }

        return sum;
    }
}
