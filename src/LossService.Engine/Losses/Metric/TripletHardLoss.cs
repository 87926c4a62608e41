using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct TripletHardLoss(
    BatchMetric metric, Reducer reducer, double margin, bool soft, double tie, bool comparesWithSelf)
    : IMinedLoss<TripletHardLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How much nearer the positive must be; with soft_margin none unless given.");

    private static readonly Parameter SoftMargin = Parameter.Flag(
        "soft_margin", false, "Replaces the hinge by a softplus, which never ends.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(false);

    private static readonly Parameter Reduce = Reducer.Of("anchors");

    public static LossCard Card { get; } = new()
    {
        Name = "triplet_hard_loss",
        Family = "metric",
        Aliases = ["batch_hard_triplet_loss"],
        Summary = "Sets each anchor's farthest positive against its nearest negative.",
        Formula = @"\max(0,\ m+\max_{p\in P_i}d_{ip}-\min_{n\in N_i}d_{in})",
        References =
        [
            new("Hermans et al., In Defense of the Triplet Loss for Person Re-Identification, 2017", "https://arxiv.org/abs/1703.07737"),
            new("TensorFlow Addons, TripletHardLoss", "https://www.tensorflow.org/addons/api_docs/python/tfa/losses/TripletHardLoss"),
        ],
        Inputs = Mined.Inputs,
        Items = "N",
        CostFactor = 0.2,
        Parameters = Mined.BySelfMining([Margin, SoftMargin], Normalize, Reduce),
        Outputs = Mined.Tuples,
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges =
        [
            .. Mined.Edges,
            "Of equal distances the first is taken.",
            "An anchor without positives or negatives costs 0; without_negatives \"compare\" takes the farthest sample for a negative.",
            "It mines by itself. Triplets of your own: triplet_margin_loss takes their vectors, batch_all_triplet_loss their places as triplets.",
            "On the corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets = [new("tfa", ("without_negatives", "compare")), new("pml", ("margin", "0.05"), ("reducer", "nonzero"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0]],"labels":[0,1,0,1]}"""),
        ],
    };

    public static bool FormsTriplets => true;

    public BatchMetric Metric => metric;

    public Reducer Reducer => reducer;

    public static TripletHardLoss Configure(Settings settings)
    {
        bool soft = settings.IsOn(SoftMargin);
        double margin = soft && !settings.IsGiven(Margin) ? 0 : settings[Margin];
        return new(
            BatchMetric.Of(settings, Normalize), Reducer.Of(settings, Reduce), margin, soft, settings.Tie,
            settings.IsOn(Mined.WithoutNegatives));
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        bool isAlone = row.Negatives.IsEmpty;
        if (row.Positives.IsEmpty || (isAlone && !comparesWithSelf))
        {
            return default;
        }

        int positive = Extreme(row.Positives, 1);
        int negative = isAlone ? positive : Extreme(row.Negatives, -1);
        double near = row.Positives[positive];
        double far = isAlone ? near : row.Negatives[negative];
        double loss = Pay(margin + near - far, out double slope);
        bool counts = reducer.Keeps(loss);
        int told = 0;
        if (!isAlone)
        {
            row.OnPositives[positive] = counts ? slope : 0;
            row.OnNegatives[negative] = counts ? -slope : 0;
            row.Tell(ref told, positive, negative);
        }

        return counts
            ? new(loss, 1, loss > 0 ? 1 : 0, told) { Ties = !soft && margin + near - far == 0 ? 1 : 0 }
            : new(0, 0, 0, told);
    }

    private double Pay(double lag, out double slope)
    {
        if (!soft)
        {
            return AnchorAnswer.Hinge(lag, tie, out slope);
        }

        Logistic<ScalarLane> logistic = ScalarLane.Logistic(lag);
        slope = logistic.Sigmoid.Value;
        return logistic.Softplus.Value;
    }

    // The first of the largest, or with a sign of -1 of the smallest; a NaN is both.
    private static int Extreme(ReadOnlySpan<double> distances, double sign)
    {
        int place = 0;
        for (int i = 1; i < distances.Length; i++)
        {
            place = double.IsNaN(distances[place]) || sign * distances[i] <= sign * distances[place] ? place : i;
        }

        return place;
    }
}
