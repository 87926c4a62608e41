using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct ApproxNdcgLoss(ListRanks soft, bool exponential) : IListLoss<ApproxNdcgLoss>
{
    private const double Ln2 = 0.693147180559945309417;
    private const int GainsRoom = 1;
    private const int RanksRoom = 2;

    public static LossCard Card { get; } = new()
    {
        Name = "approx_ndcg_loss",
        Family = "ranking",
        Aliases = ["approx_ndcg"],
        Summary = "Maximises the normalised discounted gain, with ranks made smooth.",
        Formula = @"-\frac{1}{\mathrm{IDCG}}\sum_i\frac{2^{y_i}-1}{\log_2(1+r_i)},\quad r_i=1+\sum_{j\ne i}\sigma\left(\frac{s_j-s_i}{T}\right)",
        References =
        [
            new("Qin et al., A General Approximation Framework for Direct Optimization of Information Retrieval Measures, 2010", "https://doi.org/10.1007/s10791-009-9124-x"),
            new("Bruch et al., Revisiting Approximate Metric Optimization in the Age of Deep Neural Networks, 2019", "https://doi.org/10.1145/3331184.3331347"),
        ],
        Inputs = ListInputs.All(Domain.NonNegative),
        Items = ListInputs.Items,
        Parameters = [ListRanks.Temperature, ListGains.Gain],
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfPairs,
        Edges =
        [
            ListInputs.GainEdge,
            ListInputs.NothingRelevantEdge,
            ListInputs.EmptyEdge,
            ListInputs.NonFiniteEdge,
            "An exponential gain overflows at a relevance of 1024.",
            "TF-Ranking's rank of 1/2 plus all sigmoids, its own among them, is the same rank.",
        ],
        Presets = [new("tfr", ("temperature", "0.1")), new("allrank", ("temperature", "1"))],
        Examples =
        [
            new("simple", "Very smooth ranks, as allRank has them.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]],"temperature":1}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: true);

    public static ApproxNdcgLoss Configure(Settings settings) =>
        new(new(settings[ListRanks.Temperature]), ListGains.IsExponential(settings));

    public ListAnswer Loss(in RankedList list)
    {
        Span<double> gains = list.Room<double>(GainsRoom)[..list.Length];
        ListGains.Fill(list.Relevance[..list.Length], exponential, gains);
        double ideal = ListGains.Ideal(gains, list.Length);
        if (ideal == 0)
        {
            return new(0, IsPlain: true);
        }

        if (!list.IsFinite)
        {
            return list.Undefined();
        }

        Span<double> ranks = list.Room<double>(RanksRoom);
        soft.Fill(list, ranks);
        double loss = 0;
        for (int i = 0; i < list.Length; i++)
        {
            double gain = gains[i] / ideal;
            double log = ScalarLane.Log1p(ranks[i]).Value / Ln2;
            loss -= gain / log;
            ranks[i] = gain / (Ln2 * (1 + ranks[i]) * log * log); // from here on the slope on the rank
        }

        ranks.Slice(list.Length, DoubleLane.Count).Clear();
        soft.Differentiate(list, ranks);
        return new(loss);
    }
}
