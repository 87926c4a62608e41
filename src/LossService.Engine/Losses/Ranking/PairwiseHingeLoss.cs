using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct PairwiseHingeLoss(double margin, bool overPairs, double tie)
    : IListLoss<PairwiseHingeLoss>, IPairLoss
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "By how much a more relevant element's score must lead.");

    public static LossCard Card { get; } = new()
    {
        Name = "pairwise_hinge_loss",
        Family = "ranking",
        Aliases = ["ranking_svm"],
        Summary = "Wants each element scored above every less relevant one, by a margin.",
        Formula = @"\sum_{y_i>y_j}\max(0,\ m-(s_i-s_j))",
        References =
        [
            new("Joachims, Optimizing Search Engines using Clickthrough Data, 2002", "https://doi.org/10.1145/775047.775067"),
            new("TensorFlow Ranking, tfr.keras.losses.PairwiseHingeLoss", "https://www.tensorflow.org/ranking/api_docs/python/tfr/keras/losses/PairwiseHingeLoss"),
        ],
        Inputs = ListInputs.All(Domain.Real),
        Items = ListInputs.Items,
        Parameters = [Margin, PairMean.Parameter],
        Cost = Cost.Quadratic,
        AxisMax = AxisMax.OfPairs,
        Edges =
        [
            ListInputs.PairsEdge,
            ListInputs.EmptyEdge,
            "At a pair's corner the slope is 0, as of every relu; the member tie chooses another.",
        ],
        Presets = [new("tfr", ("mean_over", "pairs"))],
        Examples =
        [
            new("simple", "Three pairs, two of them in the wrong order.",
                """{"scores":[[0.5,1.2,-0.3]],"relevance":[[2,0,1]]}"""),
            new("masked", "The last element is padding.",
                """{"scores":[[0.5,1.2,0.0]],"relevance":[[1,0,0]],"list_mask":[[true,true,false]]}"""),
        ],
    };

    public ListSetup Setup => new(ByRelevance: true, MeanOverPairs: overPairs);

    public static PairwiseHingeLoss Configure(Settings settings) =>
        new(settings[Margin], PairMean.IsOverPairs(settings), settings.Tie);

    public ListAnswer Loss(in RankedList list) =>
        ListPairs.Run(list, this, new RelevanceWeights(list, RelevanceWeight.One), out _);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V lead) where V : struct, ILane<V> => V.Hinge(Corner(lead), tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Corner<V>(V lead) where V : struct, ILane<V> => margin - lead;
}
