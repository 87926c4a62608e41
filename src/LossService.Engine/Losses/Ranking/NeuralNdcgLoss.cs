using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct NeuralNdcgLoss(SortOptions sort, int first, bool exponential) : IListLoss<NeuralNdcgLoss>
{
    private const int GainsRoom = 0;

    private static readonly Parameter Temperature = Parameter.Number(
        "temperature", 1, "How soft the sorting is; towards 0 it sorts.", min: 0, minOpen: true);

    private static readonly Parameter Transposed = Parameter.Flag(
        "transposed", false,
        "Scales the transposed matrix, so that expected discounts of elements rather than expected gains of ranks are settled last.");

    private static readonly Parameter K = Parameter.Integer(
        "k", double.NaN, "How many ranks count; null for all. The ideal gain is that of as many.", min: 1);

    private static readonly Parameter Iterations = Parameter.Integer(
        "sinkhorn_iterations", 50, "How often columns and rows are scaled to a sum of 1, at most; 0 leaves out the scaling.",
        min: 0, max: 200);

    private static readonly Parameter Tolerance = Parameter.Number(
        "sinkhorn_tolerance", 1e-6, "How near to 1 all sums must come to end the scaling early.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "neural_ndcg_loss",
        Family = "ranking",
        Aliases = ["neural_ndcg"],
        Summary = "Maximises the normalised discounted gain of softly sorted gains.",
        Formula = @"-\frac{1}{\mathrm{IDCG}}\sum_{r}\frac{(\mathrm{scale}(\hat P)\,g)_r}{\log_2(1+r)},\quad \hat P_{rj}=\mathrm{softmax}_j\frac{(L+1-2r)s_j-\sum_k|s_j-s_k|}{T},\ g_j=2^{y_j}-1",
        References =
        [
            new("Pobrotyn and Bialobrzeski, NeuralNDCG: Direct Optimisation of a Ranking Metric via Differentiable Relaxation of Sorting, 2021", "https://arxiv.org/abs/2102.07831"),
            new("Grover et al., Stochastic Optimization of Sorting Networks via Continuous Relaxations, 2019", "https://arxiv.org/abs/1903.08850"),
        ],
        Inputs = ListInputs.All(Domain.NonNegative),
        Items = ListInputs.Items,
        Parameters = [Temperature, Transposed, K, ListGains.Gain, Iterations, Tolerance],
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfPermutations,
        Edges =
        [
            ListInputs.GainEdge,
            "A list takes two matrices of L x L doubles and as many passes over them as the scaling takes iterations: L is at most 1024.",
            "The gradient goes through the sorting and every iteration of the scaling; how many there are is a constant of it.",
            "Each list ends its scaling by itself; allRank goes on until the worst list of a batch is settled.",
            "allRank's transposed form scales before it transposes, which is transposed false.",
            "Equal scores share their ranks, and the slope of their distance is 0.",
            "A list in which nothing is relevant costs 0, has gradient 0, and a note says so; allRank also leaves it out of the mean.",
            ListInputs.EmptyEdge,
            ListInputs.NonFiniteEdge,
        ],
        Presets = [new("allrank")],
        Examples =
        [
            new("simple", "The second is scored highest, the first is most relevant.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]]}"""),
            new("sorted", "Nearly sorted, and without scaling.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]],"temperature":0.1,"sinkhorn_iterations":0}"""),
        ],
    };

    public static double Passes(Settings settings) => 1 + settings[Iterations];

    public ListSetup Setup => new(ByRelevance: true);

    public static NeuralNdcgLoss Configure(Settings settings) => new(
        new(settings[Temperature], (int)settings[Iterations], settings[Tolerance], settings.IsOn(Transposed)),
        double.IsNaN(settings[K]) ? int.MaxValue : (int)settings[K],
        ListGains.IsExponential(settings));

    public ListAnswer Loss(in RankedList list)
    {
        Span<double> gains = list.Room<double>(GainsRoom)[..list.Length];
        ListGains.Fill(list.Relevance[..list.Length], exponential, gains);
        double ideal = ListGains.Ideal(gains, first);
        if (ideal == 0)
        {
            return new(0, IsPlain: true);
        }

        if (!list.IsFinite)
        {
            return list.Undefined();
        }

        var sorted = new SoftPermutation(list, sort);
        int iterations = sorted.Fill();
        double loss = 0;
        for (int rank = 0; rank < list.Length; rank++)
        {
            double discount = rank < first ? ListGains.Discount(rank + 1) : 0;
            Span<double> row = sorted.Row(rank);
            Span<double> slopes = sorted.SlopesOf(rank);
            slopes[list.Length..].Clear();
            for (int j = 0; j < list.Length; j++)
            {
                slopes[j] = -discount * (gains[j] / ideal);
                loss += row[j] * slopes[j];
            }
        }

        sorted.Differentiate(iterations);
        return new(loss);
    }
}
