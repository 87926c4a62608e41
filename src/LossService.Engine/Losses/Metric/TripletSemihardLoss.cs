using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Metric;

internal readonly struct TripletSemihardLoss(
    BatchMetric metric, Reducer reducer, double margin, double tie, bool comparesWithSelf)
    : IMinedLoss<TripletSemihardLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How much nearer the positive must be than the negative.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(false);

    private static readonly Parameter Reduce = Reducer.Of("tuples");

    public static LossCard Card { get; } = new()
    {
        Name = "triplet_semihard_loss",
        Family = "metric",
        Summary = "Pairs each positive with the nearest negative that is farther than it.",
        Formula = @"\sum_{p\in P_i}\max(0,\ m+d_{ip}-d_{in(p)}),\quad n(p)=\arg\min_{n:\,d_{in}>d_{ip}}d_{in}",
        References =
        [
            new("Schroff et al., FaceNet, 2015", "https://arxiv.org/abs/1503.03832"),
            new("TensorFlow Addons, TripletSemiHardLoss", "https://www.tensorflow.org/addons/api_docs/python/tfa/losses/TripletSemiHardLoss"),
        ],
        Inputs = Mined.Inputs,
        Items = "N",
        Parameters = Mined.BySelfMining([Margin], Normalize, Reduce),
        Outputs = Mined.Tuples,
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges =
        [
            .. Mined.Edges,
            "Where no negative is farther than the positive, the farthest negative is taken; of equal ones the first.",
            "Without any negative a positive forms no triplet; without_negatives \"compare\" measures it against the anchor itself, at distance 0.",
            "It mines by itself. Triplets of your own: triplet_margin_loss takes their vectors, batch_all_triplet_loss their places as triplets.",
            "On the corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets = [new("tfa", ("without_negatives", "compare"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0]],"labels":[0,1,0,1]}"""),
        ],
    };

    public static bool FormsTriplets => true;

    public BatchMetric Metric => metric;

    public Reducer Reducer => reducer;

    public static TripletSemihardLoss Configure(Settings settings) => new(
        BatchMetric.Of(settings, Normalize), Reducer.Of(settings, Reduce), settings[Margin], settings.Tie,
        settings.IsOn(Mined.WithoutNegatives));

    public AnchorAnswer Anchor(in Neighbours row)
    {
        Span<double> sorted = row.Room[..row.Negatives.Length];
        ReadOnlySpan<int> order = row.Sort(row.Negatives, sorted);
        double loss = 0;
        int tuples = 0;
        int nonzero = 0;
        int told = 0;
        int ties = 0;
        for (int p = 0; p < row.Positives.Length; p++)
        {
            if (order.IsEmpty && !comparesWithSelf)
            {
                break;
            }

            int place = FirstBeyond(sorted, row.Positives[p]);
            double far = order.IsEmpty ? 0 : row.Negatives[order[place]];
            double lag = margin + row.Positives[p] - far;
            double cost = AnchorAnswer.Hinge(lag, tie, out double slope);
            if (!order.IsEmpty)
            {
                row.Tell(ref told, p, order[place]);
            }

            if (!reducer.Keeps(cost))
            {
                continue;
            }

            loss += cost;
            tuples++;
            nonzero += cost > 0 ? 1 : 0;
            ties += lag == 0 ? 1 : 0;
            row.OnPositives[p] += slope;
            if (!order.IsEmpty)
            {
                row.OnNegatives[order[place]] -= slope;
            }
        }

        return new(loss, tuples, nonzero, told) { Ties = ties };
    }

    // The nearest negative beyond a distance; the farthest of all, and of equal ones the first, where there is none.
    private static int FirstBeyond(ReadOnlySpan<double> sorted, double distance)
    {
        int low = 0;
        int high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = sorted[middle] > distance ? (low, middle) : (middle + 1, high);
        }

        return low < sorted.Length || low == 0 ? low : sorted.IndexOf(sorted[^1]);
    }
}
