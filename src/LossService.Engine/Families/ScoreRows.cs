using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A loss of one row of scores that statistics of the row do not determine: it sorts them, compares them, or
/// changes them before a softmax. The lower seam of the softmax rows.</summary>
/// <remarks>Rows are computed in doubles, for float32 too, and rounded once: these losses are bound by comparisons, not
/// by arithmetic.</remarks>
internal interface IScoreRowLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IScoreRowLoss<TSelf>
{
    /// <summary>The input that holds a second row of scores; null for none.</summary>
    static virtual string? Teacher => null;

    /// <summary>The input that holds how often each class was seen, which the labels of the batch join; null for none.
    /// The new counts are the card's first output.</summary>
    static virtual string? Counts => null;

    /// <summary>The label whose rows are left out; null for none.</summary>
    int? IgnoreIndex { get; }

    /// <summary>The row's item; adds its slopes, and its curves where the card has them.</summary>
    double Row(in ScoreRow row);
}

/// <summary>Makes the losses over rows of scores. The first input of such a card holds the scores, one that is named
/// <c>targets</c>, where there is one, a label or a number a row, and <c>weight</c>, where there is one, a weight per
/// class.</summary>
internal static class ScoreRows
{
    public static Loss Of<TLoss>() where TLoss : struct, IScoreRowLoss<TLoss> => new ScoreRowLoss<TLoss>();

    private sealed class ScoreRowLoss<TLoss>() : FamilyLoss(TLoss.Card)
        where TLoss : struct, IScoreRowLoss<TLoss>
    {
        protected override void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop) =>
            Compute<float>(request, result, workshop);

        protected override void ComputeFloat64(LossRequest request, LossResult result, Workshop workshop) =>
            Compute<double>(request, result, workshop);

        private static void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            TLoss loss = TLoss.Configure(new(request));
            Tensor? labels =
                loss.IgnoreIndex is null ? null : request.LabelTensor(request.Card.PlaceOfInput("targets"));
            using var plan = new ItemPlan<T>(request, workshop, -1, labels, loss.IgnoreIndex);
            if (plan.Settle(result))
            {
                using var driver = new ScoreRowDriver<TLoss, T>(loss, request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}
