using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Losses.Ranking;

/// <summary>What losses of ranked lists take.</summary>
internal static class ListInputs
{
    /// <summary>The shape of the items: one a list.</summary>
    public const string Items = "N | ";

    /// <summary>What every one of these losses does with lists of which nothing counts.</summary>
    public const string EmptyEdge =
        "A list that is empty or hidden by list_mask costs 0, has gradient 0, and still counts in a mean; a note says so.";

    /// <summary>Where a loss of what is relevant has nothing to say.</summary>
    public const string NothingRelevantEdge =
        "A list in which nothing is relevant costs 0, has gradient 0, and a note says so.";

    /// <summary>Where a loss of pairs has nothing to say.</summary>
    public const string PairsEdge =
        "Pairs of equal relevance are left out; a list without any pair costs 0, and a note says so.";

    /// <summary>The range of what is maximised.</summary>
    public const string GainEdge = "The loss lies in [-1, 0]: it is the negative of what is to be maximised.";

    /// <summary>What happens to scores that are no numbers.</summary>
    public const string NonFiniteEdge = "A score that counts and is not finite makes its own list NaN, no other.";

    /// <summary>Scores and relevances, which elements count, and how a flat axis is cut into lists.</summary>
    /// <param name="relevance">The relevances allowed.</param>
    public static IReadOnlyList<Input> All(Domain relevance) =>
    [
        new("scores", "N L | L", "Scores, a list a row; or the lists one behind the other with group_sizes or group_ids.")
        {
            Gradient = GradientRule.Default,
        },
        new("relevance", "N L | L", "How relevant each element is.") { Domain = relevance },
        new("list_mask", "Which elements count; the others are as if they were not there.",
            [new("N L", InputKind.Flag), new("L", InputKind.Flag)]) { Optional = true },
        new("group_sizes", "The length of each list of flat scores.",
            [new("G", InputKind.Length) { Classes = "L" }])
        {
            Optional = true,
            OneOf = "groups",
            Groups = Grouping.Lengths,
        },
        new("group_ids", "The list of each of the flat scores; ids never decrease.",
            [new("L", InputKind.Label) { Domain = new(0, Labels.Max) }])
        {
            Optional = true,
            OneOf = "groups",
            Groups = Grouping.Ids,
        },
    ];
}
