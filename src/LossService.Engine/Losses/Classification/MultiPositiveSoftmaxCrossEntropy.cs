using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct MultiPositiveSoftmaxCrossEntropy : ISoftmaxRowLoss<MultiPositiveSoftmaxCrossEntropy>
{
    public static LossCard Card { get; } = new()
    {
        Name = "multi_positive_softmax_cross_entropy",
        Family = "classification",
        Aliases = ["multilabel_softmax_cross_entropy"],
        Summary = "Shares the softmax cross-entropy among several right classes.",
        Formula = @"-\sum_c \frac{y_c}{\sum_k y_k}\,\log\mathrm{softmax}(z)_c",
        References =
        [
            new("Gomez, Understanding Categorical Cross-Entropy Loss, 2018", "https://gombru.github.io/2018/05/23/cross_entropy_loss/"),
            new("Mahajan et al., Exploring the Limits of Weakly Supervised Pretraining, 2018", "https://arxiv.org/abs/1805.00932"),
        ],
        Inputs =
        [
            new("logits", "N C *D | C", "Scores z before the softmax; classes on the second axis, or alone.")
            {
                Gradient = GradientRule.Default,
            },
            new("targets", "N C *D | C", "How much each class is right, y, at least 0; divided by their sum.")
            {
                Gradient = GradientRule.OnRequest,
                Domain = Domain.NonNegative,
            },
        ],
        Items = "N *D | ",
        Edges = ["A row without any positive class costs 0 and has gradient 0, and still counts in the mean."],
        Examples =
        [
            new("simple", "Two of three classes are right.", """{"logits":[[1.0,2.0,0.5]],"targets":[[1,1,0]]}"""),
        ],
    };

    public static bool TakesLogProbabilities => false;

    public static bool NormalizesTarget => true;

    public double LabelSmoothing => 0;

    public int? IgnoreIndex => null;

    public static MultiPositiveSoftmaxCrossEntropy Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowAnswer<V> Row<V>(RowStatistics<V> row) where V : struct, ILane<V>
    {
        V none = V.Same(row.Mass, 0);
        V share = V.Select(none, 0, 1.0 / row.Mass);
        V loss = V.Select(none, 0, row.Cross / row.Mass);
        return new(loss, V.Select(none, 0, 1), share, -(loss * share));
    }
}
