using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct ApproxMrrLoss(ListRanks soft) : IListLoss<ApproxMrrLoss>
{
    private const int RanksRoom = 2;

    public static LossCard Card { get; } = new()
    {
        Name = "approx_mrr_loss",
        Family = "ranking",
        Aliases = ["approx_mrr"],
        Summary = "Maximises the reciprocal rank of what is relevant, with ranks made smooth.",
        Formula = @"-\frac{1}{\sum_i y_i}\sum_i\frac{y_i}{r_i},\quad r_i=1+\sum_{j\ne i}\sigma\left(\frac{s_j-s_i}{T}\right)",
        References =
        [
            new("Qin et al., A General Approximation Framework for Direct Optimization of Information Retrieval Measures, 2010", "https://doi.org/10.1007/s10791-009-9124-x"),
            new("TensorFlow Ranking, tfr.keras.losses.ApproxMRRLoss", "https://www.tensorflow.org/ranking/api_docs/python/tfr/keras/losses/ApproxMRRLoss"),
        ],
        Inputs = ListInputs.All(Domain.NonNegative),
        Items = ListInputs.Items,
        Parameters = [ListRanks.Temperature],
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfPairs,
        Edges =
        [
            ListInputs.GainEdge,
            ListInputs.NothingRelevantEdge,
            ListInputs.EmptyEdge,
            ListInputs.NonFiniteEdge,
        ],
        Presets = [new("tfr", ("temperature", "0.1"))],
        Examples =
        [
            new("simple", "One relevant element, in second place.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[1,0,0]],"temperature":1}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: false);

    public static ApproxMrrLoss Configure(Settings settings) => new(new(settings[ListRanks.Temperature]));

    public ListAnswer Loss(in RankedList list)
    {
        double sum = Sums.OfBlock<double>(list.Relevance[..list.Length]);
        if (sum == 0)
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
            double share = list.Relevance[i] / sum / ranks[i];
            loss -= share;
            ranks[i] = share / ranks[i]; // from here on the slope on the rank
        }

        ranks.Slice(list.Length, DoubleLane.Count).Clear();
        soft.Differentiate(list, ranks);
        return new(loss);
    }
}
