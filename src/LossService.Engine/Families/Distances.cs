using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>A loss of the distances between two or three vectors of one sample. The vectors are the card's first
/// inputs; the input <c>targets</c>, where there is one, is the kernel's y.</summary>
internal interface IDistanceLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IDistanceLoss<TSelf>
{
    /// <summary>How many vectors a sample has: 2 or 3.</summary>
    static abstract int Vectors { get; }

    /// <summary>The distance between them.</summary>
    Distance Distance { get; }

    /// <summary>True when the third edge, between the second and the third vector, is needed.</summary>
    bool UsesThirdEdge { get; }

    /// <summary>The loss from the distances first-second, first-third and second-third.</summary>
    V Loss<V>(V first, V second, V third, V y) where V : struct, ILane<V>;

    /// <summary>What is 0 where the loss has its corner.</summary>
    V Corner<V>(V first, V second, V third, V y) where V : struct, ILane<V>;
}

/// <summary>Makes the distance losses of the catalogue.</summary>
internal static class Distances
{
    public static Loss Of<TLoss>() where TLoss : struct, IDistanceLoss<TLoss> => new DistanceLoss<TLoss>();

    private sealed class DistanceLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IDistanceLoss<TLoss>
    {
        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            using var plan = new ItemPlan<T>(request, workshop);
            if (plan.Settle(result))
            {
                using var driver = new DistanceDriver<TLoss, T>(
                    TLoss.Configure(new(request)), request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}
