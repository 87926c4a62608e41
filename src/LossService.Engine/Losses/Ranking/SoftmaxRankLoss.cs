using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct SoftmaxRankLoss(bool normalize) : IListLoss<SoftmaxRankLoss>
{
    private const int TargetsRoom = 2;

    private static readonly Parameter NormalizeRelevance = Parameter.Flag(
        "normalize_relevance", false, "Divides the relevances of a list by their sum, so that each list counts alike.");

    public static LossCard Card { get; } = new()
    {
        Name = "softmax_rank_loss",
        Family = "ranking",
        Aliases = ["ranking_softmax_loss"],
        Summary = "Wants the softmax of a list's scores where its relevance is.",
        Formula = @"-\sum_i y_i\,\log\frac{e^{s_i}}{\sum_j e^{s_j}}",
        References =
        [
            new("Bruch et al., An Analysis of the Softmax Cross Entropy Loss for Learning-to-Rank, 2019", "https://doi.org/10.1145/3341981.3344221"),
            new("Optax, optax.losses.ranking_softmax_loss", "https://optax.readthedocs.io/en/latest/api/losses.html"),
        ],
        Inputs = ListInputs.All(Domain.NonNegative),
        Items = ListInputs.Items,
        Parameters = [NormalizeRelevance],
        Edges =
        [
            ListInputs.NothingRelevantEdge,
            ListInputs.EmptyEdge,
            "A score of -Infinity takes no part; if it is relevant, the list costs +Infinity.",
            "TF-Ranking normalises the relevances and weighs the list by their sum, which is this loss without either.",
        ],
        Presets = [new("optax")],
        Examples =
        [
            new("simple", "The second is scored highest, the first is most relevant.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]]}"""),
            new("normalized", "Both lists count alike.",
                """{"scores":[[0.5,1.2],[0.1,-0.4]],"relevance":[[3,1],[1,0]],"normalize_relevance":true}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: false);

    public static SoftmaxRankLoss Configure(Settings settings) => new(settings.IsOn(NormalizeRelevance));

    public ListAnswer Loss(in RankedList list)
    {
        Span<double> targets = list.Room<double>(TargetsRoom)[..list.Length];
        list.Relevance[..list.Length].CopyTo(targets);
        return ListTargets.Settle(targets, normalize)
            ? new(ListSoftmax.CrossEntropy(list, targets))
            : new(0, IsPlain: true);
    }
}
