using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>What a label says about each class of its row.</summary>
internal enum ClassEncoding
{
    /// <summary>1 for its own class, 0 for the others.</summary>
    OneHot,

    /// <summary>1 for every class below it: a grade and the thresholds that it has reached.</summary>
    Cumulative,
}

/// <summary>A loss whose item is a row of classes, each of which costs by itself. The first input is the scores, the
/// input <c>targets</c> the kernel's y; an input <c>scores</c> says what a label's class has instead of 1.</summary>
internal interface IClasswiseLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IClasswiseLoss<TSelf>
{
    /// <summary>How labels become numbers a class.</summary>
    static abstract ClassEncoding Encoding { get; }

    /// <summary>True for the mean over classes, false for their sum.</summary>
    static abstract bool Averages { get; }

    /// <summary>What one class costs.</summary>
    V Loss<V>(V x, V y) where V : struct, ILane<V>;
}

/// <summary>Makes the classwise losses of the catalogue.</summary>
internal static class Classwise
{
    public static Loss Of<TLoss>() where TLoss : struct, IClasswiseLoss<TLoss> => new ClasswiseLoss<TLoss>();

    private sealed class ClasswiseLoss<TLoss>() : LanedLoss(TLoss.Card)
        where TLoss : struct, IClasswiseLoss<TLoss>
    {
        protected override void Compute<T, V>(LossRequest request, LossResult result, Workshop workshop)
        {
            using var plan = new ItemPlan<T>(request, workshop, PlaceOfItemWeight(request.Card));
            if (plan.Settle(result))
            {
                using var driver = new ClasswiseDriver<TLoss, T, V>(
                    TLoss.Configure(new(request)), request, result, plan, workshop);
                driver.RunAll(workshop);
                plan.Finish(result, driver.Partials);
            }
        }

        // A weight per class belongs to the formula, one per item to the plan.
        private static int PlaceOfItemWeight(LossCard card)
        {
            int place = card.PlaceOfInput(Common.WeightName);
            return place >= 0 && card.Inputs[place].Forms[0].Pattern.Symbols is ["C"] ? -1 : place;
        }
    }
}
