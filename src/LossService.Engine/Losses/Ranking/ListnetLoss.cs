using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct ListnetLoss(bool bySoftmax) : IListLoss<ListnetLoss>
{
    private const int TargetsRoom = 2;

    private static readonly Parameter TopOne = Parameter.Choice(
        "top_one", ["softmax", "proportional"],
        "How likely an element is to be first by its relevance: softmax(y), or y over the sum, for relevances of 0 and 1.");

    public static LossCard Card { get; } = new()
    {
        Name = "listnet_loss",
        Family = "ranking",
        Aliases = ["listnet"],
        Summary = "Compares who is likely to be first by score and by relevance.",
        Formula = @"-\sum_i \mathrm{softmax}(y)_i\,\log\mathrm{softmax}(s)_i",
        References = [new("Cao et al., Learning to Rank: From Pairwise Approach to Listwise Approach, 2007", "https://doi.org/10.1145/1273496.1273513")],
        Inputs = ListInputs.All(Domain.NonNegative),
        Items = ListInputs.Items,
        Parameters = [TopOne],
        Edges =
        [
            "With top_one \"proportional\", a list in which nothing is relevant costs 0, and a note says so.",
            ListInputs.EmptyEdge,
            "A score of -Infinity costs +Infinity, unless its relevance counts for nothing.",
            "allRank adds 1e-10 inside the logarithm, which bounds the loss; here it is exact.",
        ],
        Examples =
        [
            new("simple", "The second is scored highest, the first is most relevant.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]]}"""),
            new("binary", "Relevances of 0 and 1.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[1,0,1]],"top_one":"proportional"}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: false);

    public static ListnetLoss Configure(Settings settings) => new(settings.Word(TopOne) == "softmax");

    public ListAnswer Loss(in RankedList list)
    {
        Span<double> targets = list.Room<double>(TargetsRoom)[..list.Length];
        if (bySoftmax)
        {
            ListSoftmax.Softmax(list.Relevance[..list.Length], targets);
            return new(ListSoftmax.CrossEntropy(list, targets));
        }

        list.Relevance[..list.Length].CopyTo(targets);
        return ListTargets.Settle(targets, normalize: true)
            ? new(ListSoftmax.CrossEntropy(list, targets))
            : new(0, IsPlain: true);
    }
}
