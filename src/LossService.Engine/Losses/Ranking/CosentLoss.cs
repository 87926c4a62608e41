using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct CosentLoss(double scale) : IListLoss<CosentLoss>
{
    private static readonly Parameter Scale = Parameter.Number(
        "scale", 20, "What differences of scores are multiplied with: one over a temperature.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "cosent_loss",
        Family = "ranking",
        Aliases = ["cosine_sentence_loss"],
        Summary = "Wants similarities in the order of their labels, by one softmax over all pairs.",
        Formula = @"\log\Bigl(1+\sum_{y_i>y_j}e^{\lambda(s_j-s_i)}\Bigr)",
        References =
        [
            new("Su, CoSENT: A more efficient sentence vector scheme than Sentence-BERT, 2022", "https://kexue.fm/archives/8847"),
            new("Sentence Transformers, CoSENTLoss", "https://sbert.net/docs/package_reference/sentence_transformer/losses.html#cosentloss"),
        ],
        Inputs = ListInputs.All(Domain.Real),
        Items = ListInputs.Items,
        Parameters = [Scale],
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfPairs,
        Edges =
        [
            "A score is the similarity of one pair of sentences, a list is the batch; relevance is how alike they should be.",
            "A list without two different relevances costs 0, and a note says so.",
            ListInputs.EmptyEdge,
            ListInputs.NonFiniteEdge,
        ],
        Examples =
        [
            new("simple", "Three pairs of sentences; the second is scored too high.",
                """{"scores":[[0.5,0.9,-0.3]],"relevance":[[1.0,0.2,0.0]]}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: true);

    public static CosentLoss Configure(Settings settings) => new(settings[Scale]);

    public ListAnswer Loss(in RankedList list)
    {
        Span<double> scores = list.Scores[..list.Length];
        ReadOnlySpan<double> relevance = list.Relevance[..list.Length];
        if (list.Length < 2 || RelevanceWeights.FirstBelow(relevance, 0) == list.Length)
        {
            return new(0, IsPlain: true);
        }

        var pace = new Pace(list.Workshop);
        double top = 0;
        for (int better = 0; better < scores.Length; better++)
        {
            pace.Count(list.Length);
            for (int worse = RelevanceWeights.FirstBelow(relevance, better); worse < scores.Length; worse++)
            {
                double lag = scale * (scores[worse] - scores[better]);
                top = lag <= top ? top : lag;
            }
        }

        double rest = 0;
        for (int better = 0; better < scores.Length; better++)
        {
            pace.Count(list.Length);
            for (int worse = RelevanceWeights.FirstBelow(relevance, better); worse < scores.Length; worse++)
            {
                double share = ScalarLane.Exp((scale * (scores[worse] - scores[better])) - top).Value;
                rest += share;
                list.Slopes[worse] += share;
                list.Slopes[better] -= share;
            }
        }

        double total = rest + ScalarLane.Exp(-top).Value;
        for (int i = 0; i < scores.Length; i++)
        {
            list.Slopes[i] *= scale / total;
        }

        return new(top == 0 ? ScalarLane.Log1p(rest).Value : top + ScalarLane.Log(total).Value);
    }
}
