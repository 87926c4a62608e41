using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Metric;

internal readonly struct BatchAllTripletLoss(
    BatchMetric metric, Mining mining, Reducer reducer, double margin, double tie)
    : IMinedLoss<BatchAllTripletLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How much nearer the positive must be than the negative.");

    private static readonly Parameter Normalize = BatchMetric.NormalizeOf(false);

    private static readonly Parameter Reduce = Reducer.Of("nonzero");

    public static LossCard Card { get; } = new()
    {
        Name = "batch_all_triplet_loss",
        Family = "metric",
        Summary = "Sets every positive of an anchor against every negative.",
        Formula = @"\sum_{p\in P_i}\sum_{n\in N_i}\max(0,\ m+d_{ip}-d_{in})",
        References =
        [
            new("Hermans et al., In Defense of the Triplet Loss for Person Re-Identification, 2017", "https://arxiv.org/abs/1703.07737"),
            new("pytorch-metric-learning, TripletMarginLoss and TripletMarginMiner", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/"),
        ],
        Inputs = Mined.InputsOrTriplets,
        Items = "N",
        Parameters = Mined.ByDistance([Margin], Normalize, Reduce),
        Conflicts = Mining.Conflicts,
        Draws = Mining.Draws,
        Outputs = Mined.Tuples,
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfBatch,
        Edges =
        [
            .. Mined.Edges,
            .. Mining.Edges,
            Mining.EdgeOfTriplets,
            "A mean divides by the triplets that cost something; where none does, the answer is 0.",
            "Running sums over sorted distances stand for the triplets: an anchor costs n log n, not the product of both counts.",
            "On the corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets = [new("pml", ("margin", "0.05"), ("normalize_embeddings", "true"))],
        Examples =
        [
            new("simple", "Two classes of two.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[1.5,0]],"labels":[0,1,0,1]}"""),
            new("semihard", "Only the triplets in which the negative is a little farther than the positive.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[0.9,0.8]],"labels":[0,1,0,1],"miner":"semihard","miner_margin":0.5}"""),
            new("easy-positive", "The nearest positive of each anchor and the nearest negative beyond it.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[0.9,0.8]],"labels":[0,1,0,1],"miner":"batch_easy_hard","return_tuples":true}"""),
            new("triplets", "Triplets that were mined elsewhere.",
                """{"embeddings":[[0,1],[1,0],[0.2,1.1],[0.9,0.8]],"triplets":[[0,2,1],[0,2,3],[3,1,2]]}"""),
        ],
    };

    public static bool FormsTriplets => true;

    public BatchMetric Metric => metric;

    public Mining Mining => mining;

    public Reducer Reducer => reducer;

    public static BatchAllTripletLoss Configure(Settings settings)
    {
        BatchMetric metric = BatchMetric.Of(settings, Normalize);
        return new(
            metric, Mining.Of(settings, metric), Reducer.Of(settings, Reduce), settings[Margin], settings.Tie);
    }

    public AnchorAnswer Anchor(in Neighbours row)
    {
        if (row.AreListed)
        {
            return Listed(row);
        }

        int count = row.Negatives.Length;
        Span<double> sorted = row.Room[..count];
        ReadOnlySpan<int> order = row.Sort(row.Negatives, sorted);
        if (row.Positives.IsEmpty || count == 0)
        {
            return default;
        }

        // How the number of positives that press on a sorted negative changes from the one before it.
        Span<double> changes = row.Room.Slice(count, count + 1);
        changes.Clear();
        var sums = new RunningSums(sorted, row.Room[((2 * count) + 1)..]);
        double loss = 0;
        long tuples = 0;
        long nonzero = 0;
        int told = 0;
        long ties = 0;
        for (int p = 0; p < row.Positives.Length; p++)
        {
            double near = row.Positives[p];
            int from = Miners.Beyond(sorted, near, row.Gaps.Least);
            int to = Miners.Beyond(sorted, near, row.Gaps.Most);
            row.Tell(ref told, p, order[from..to]);
            from = double.IsNaN(reducer.High)
                ? from : Math.Clamp(Below(sorted, near, reducer.High, orAt: false), from, to);
            to = !(reducer.Low >= 0) ? to : Math.Clamp(Below(sorted, near, reducer.Low, orAt: true), from, to);
            int corner = Math.Clamp(Below(sorted, near, 0, orAt: true), from, to);
            int end = Math.Clamp(Miners.Beyond(sorted, near, margin), from, to);
            loss += sums.Lack(margin + near, from, corner);
            tuples += to - from;
            nonzero += corner - from;
            ties += end - corner;
            row.OnPositives[p] = corner - from + (tie * (end - corner));
            changes[from]++;
            changes[corner] += tie - 1;
            changes[end] -= tie;
        }

        double pressing = 0;
        for (int n = 0; n < count; n++)
        {
            pressing += changes[n];
            row.OnNegatives[order[n]] = -pressing;
        }

        if (double.IsNaN(sorted[0]) || double.IsNaN(Sum(row.Positives)))
        {
            row.OnPositives.Fill(double.NaN);
            row.OnNegatives.Fill(double.NaN);
            return new(double.NaN, tuples, nonzero, told);
        }

        return new(loss, tuples, nonzero, told) { Ties = ties };
    }

    // One by one, as they were given or chosen.
    private AnchorAnswer Listed(in Neighbours row)
    {
        double loss = 0;
        int tuples = 0;
        int nonzero = 0;
        int told = 0;
        int ties = 0;
        for (int t = 0; t < row.Triplets.Length; t += 2)
        {
            (int p, int n) = (row.Triplets[t], row.Triplets[t + 1]);
            double lag = margin + row.Positives[p] - row.Negatives[n];
            double cost = AnchorAnswer.Hinge(lag, tie, out double slope);
            row.Tell(ref told, p, n);
            if (!reducer.Keeps(cost))
            {
                continue;
            }

            loss += cost;
            tuples++;
            nonzero += cost > 0 ? 1 : 0;
            ties += lag == 0 ? 1 : 0;
            row.OnPositives[p] += slope;
            row.OnNegatives[n] -= slope;
        }

        return new(loss, tuples, nonzero, told) { Ties = ties };
    }

    // The first sorted negative with which the triplet lacks less than a level, or at most that much.
    private int Below(ReadOnlySpan<double> sorted, double near, double level, bool orAt)
    {
        int low = 0;
        int high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            double lack = margin + near - sorted[middle];
            (low, high) = lack < level || (orAt && lack == level) ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private static double Sum(ReadOnlySpan<double> numbers)
    {
        double sum = 0;
        foreach (double number in numbers)
        {
            sum += number;
        }

        return sum;
    }
}
