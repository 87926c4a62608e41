using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>What a softmax loss knows of one row of classes; each field holds a number a row.</summary>
/// <param name="Cross">Σ w t' (lse - z): the weighted cross-entropy.</param>
/// <param name="Mass">Σ w t': what the target weighs in all.</param>
internal readonly record struct RowStatistics<V>(V Cross, V Mass);

/// <summary>What a softmax loss answers for one row: ∂loss/∂z_j = OnProbability · p_j - OnCross · w_j t'_j.</summary>
/// <param name="Loss">The item.</param>
/// <param name="OnProbability">The slope on the softmax.</param>
/// <param name="OnCross">∂loss/∂Cross.</param>
/// <param name="OnMass">∂loss/∂Mass; only the gradient of the targets needs it.</param>
internal readonly record struct RowAnswer<V>(V Loss, V OnProbability, V OnCross, V OnMass);

/// <summary>A loss of one row of scores and its target, through the row's statistics.</summary>
internal interface ISoftmaxRowLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, ISoftmaxRowLoss<TSelf>
{
    /// <summary>True when the scores are log-probabilities already, so that no softmax is taken.</summary>
    static abstract bool TakesLogProbabilities { get; }

    /// <summary>True when the loss divides the target by its mass, so that it is not linear in the target.</summary>
    static abstract bool NormalizesTarget { get; }

    /// <summary>True when the loss is no straight line in the row's cross-entropy, so that a Hessian has a second
    /// part.</summary>
    static virtual bool IsBent => false;

    /// <summary>How far targets are moved towards the uniform distribution.</summary>
    double LabelSmoothing { get; }

    /// <summary>The label whose rows are left out; null for none.</summary>
    int? IgnoreIndex { get; }

    /// <summary>True when a mean counts the rows that are left out for their label.</summary>
    bool CountsIgnored => false;

    RowAnswer<V> Row<V>(RowStatistics<V> row) where V : struct, ILane<V>;
}

/// <summary>Makes the softmax losses of the catalogue. The first input of such a card holds the scores, one is named
/// <c>targets</c>, and <c>weight</c>, where there is one, holds a weight per class.</summary>
internal static class SoftmaxRows
{
    public static Loss Of<TLoss>() where TLoss : struct, ISoftmaxRowLoss<TLoss> => new SoftmaxRowLoss<TLoss>();

    private sealed class SoftmaxRowLoss<TLoss>() : LanedLoss(TLoss.Card)
        where TLoss : struct, ISoftmaxRowLoss<TLoss>
    {
        private static readonly int Targets = TLoss.Card.PlaceOfInput("targets");
        private static readonly int Weight = TLoss.Card.PlaceOfInput(Common.WeightName);

        protected override void Compute<T, V>(LossRequest request, LossResult result, Workshop workshop)
        {
            TLoss loss = TLoss.Configure(new(request));
            var target = new RowTarget<T>(request, Targets, Weight, loss.LabelSmoothing);
            using var plan = new ItemPlan<T>(request, workshop, -1, target.Labels, loss.IgnoreIndex)
            {
                CountsIgnored = loss.CountsIgnored,
            };
            if (plan.Settle(result, target.SumOfWeights(request, plan, workshop)))
            {
                using var driver = new SoftmaxRowDriver<TLoss, T, V>(loss, target, request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}
