using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct ListmleLoss(ulong? seed) : IListLoss<ListmleLoss>
{
    private const int LogSumsRoom = 1;
    private const int MissesRoom = 2;
    private const int TopsRoom = 3;
    private const int OthersRoom = 4;

    public static LossCard Card { get; } = new()
    {
        Name = "listmle_loss",
        Family = "ranking",
        Aliases = ["listmle"],
        Summary = "Maximises the likelihood of the order by relevance under the scores.",
        Formula = @"\sum_k\left[\log\sum_{j\ge k}e^{s_{\pi(j)}}-s_{\pi(k)}\right],\quad y_{\pi(1)}\ge y_{\pi(2)}\ge\dots",
        References = [new("Xia et al., Listwise Approach to Learning to Rank: Theory and Algorithm, 2008", "https://doi.org/10.1145/1390156.1390306")],
        Inputs = ListInputs.All(Domain.Real),
        Items = ListInputs.Items,
        Cost = Cost.Sorting,
        Edges =
        [
            "Equally relevant elements keep their order; with a seed it is drawn, the same for every list, as allRank and TF-Ranking draw it.",
            ListInputs.EmptyEdge,
            ListInputs.NonFiniteEdge,
        ],
        Examples =
        [
            new("simple", "The second is scored highest, the first is most relevant.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]]}"""),
            new("shuffled", "Two equally relevant elements, in an order that is drawn.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[1,0,1]],"seed":7}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: true, Seed: seed);

    public static ListmleLoss Configure(Settings settings) =>
        new(double.IsNaN(settings[Common.Seed]) ? null : (ulong)settings[Common.Seed]);

    public ListAnswer Loss(in RankedList list)
    {
        if (!list.IsFinite)
        {
            return list.Undefined();
        }

        Span<double> logSums = list.Room<double>(LogSumsRoom)[..list.Length];
        Span<double> misses = list.Room<double>(MissesRoom)[..list.Length];
        double loss = Backward(list, logSums, misses);
        Forward(list, logSums, misses);
        return new(loss);
    }

    // From the last element up: log Σ e^s of each tail, and how likely each element is not to be the first of its tail.
    // Adding one score at a time never leaves the logarithm, so no tail vanishes beside a higher score before it.
    private static double Backward(in RankedList list, Span<double> logSums, Span<double> misses)
    {
        Span<double> others = list.Room<double>(OthersRoom)[..list.Length];
        Span<int> tops = list.Room<int>(TopsRoom)[..list.Length];
        double loss = 0;
        double tail = double.NegativeInfinity;
        double rest = double.NegativeInfinity;
        int top = list.Length - 1;
        var pace = new Pace(list.Workshop);
        for (int k = list.Length - 1; k >= 0; k--)
        {
            pace.Count(1);
            double score = list.Scores[k];
            Logistic<ScalarLane> lag = ScalarLane.Logistic(tail - score);
            bool leads = k == top || score > list.Scores[top];
            rest = leads ? tail : LogAdd(rest, score);
            top = leads ? k : top;
            tail = score + lag.Softplus.Value;
            loss += lag.Softplus.Value;
            misses[k] = lag.Sigmoid.Value;
            logSums[k] = tail;
            tops[k] = top;
            others[k] = rest;
        }

        return loss;
    }

    // From the first element down: what each tail owes to the elements behind its first. An element with more than half
    // of a tail's probability is the highest of it, and 1 - p comes from the others; all other tails are kept as
    // log Σ 1 / Σ e^s and the same of squares, in which no difference cancels.
    private static void Forward(in RankedList list, ReadOnlySpan<double> logSums, ReadOnlySpan<double> misses)
    {
        Span<double> others = list.Room<double>(OthersRoom)[..list.Length];
        Span<int> tops = list.Room<int>(TopsRoom)[..list.Length];
        double inverse = double.NegativeInfinity;
        double inverseSquare = double.NegativeInfinity;
        double ledInverse = inverse;
        double ledInverseSquare = inverseSquare;
        var pace = new Pace(list.Workshop);
        for (int j = 0; j < list.Length; j++)
        {
            pace.Count(1);
            double score = list.Scores[j];
            list.Slopes[j] += ScalarLane.Exp(score + inverse).Value - misses[j];
            if (list.WantsCurvature)
            {
                if (j == 0 || tops[j] != tops[j - 1])
                {
                    (ledInverse, ledInverseSquare) = (inverse, inverseSquare); // the tails that another element leads
                }

                bool leads = tops[j] == j;
                double first = ScalarLane.Exp(score + (leads ? ledInverse : inverse)).Value;
                double second = ScalarLane.Exp((2 * score) + (leads ? ledInverseSquare : inverseSquare)).Value;
                double hit = ScalarLane.Exp(score - logSums[j]).Value;
                list.Curvatures[j] += first - second + (misses[j] * hit);
                list.Curvatures[tops[j]] += leads
                    ? 0
                    : ScalarLane.Exp(list.Scores[tops[j]] + others[j] - (2 * logSums[j])).Value;
                inverseSquare = LogAdd(inverseSquare, -2 * logSums[j]);
            }

            inverse = LogAdd(inverse, -logSums[j]);
        }
    }

    private static double LogAdd(double a, double b)
    {
        (double more, double less) = a > b ? (a, b) : (b, a);
        return more + ScalarLane.Log1p(ScalarLane.Exp(less - more).Value).Value;
    }
}
