using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>How far a class's prediction and its truth cover each other, summed over a region's places.</summary>
/// <remarks>With <see cref="IRegionLoss{TSelf}.Squares"/> the second is Σ (p - t)² and the third 0: 2 Σ p t + Σ (p - t)²
/// is Σ p² + Σ t², and what is missing is a sum of its own, which cancels nowhere.</remarks>
/// <param name="Both">Σ p t: true positives.</param>
/// <param name="PredictedOnly">Σ p (1 - t): false positives.</param>
/// <param name="TrueOnly">Σ (1 - p) t: false negatives.</param>
/// <param name="Neither">Σ (1 - p) (1 - t): true negatives.</param>
internal readonly record struct RegionSums<V>(V Both, V PredictedOnly, V TrueOnly, V Neither)
    where V : struct, ILane<V>;

/// <summary>A loss of the overlap of predicted and true regions: a function of a class's sums.</summary>
internal interface IRegionLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IRegionLoss<TSelf>
{
    /// <summary>True when denominators are sums of squares.</summary>
    bool Squares { get; }

    V Loss<V>(RegionSums<V> sums) where V : struct, ILane<V>;

    /// <summary>True when classes weigh by how much of them there is, and means divide by these weights.</summary>
    static virtual bool WeighsByTruth => false;

    /// <summary>The weight of a class of which there is Σ t; 1 unless <see cref="WeighsByTruth"/>.</summary>
    static virtual V WeightOf<V>(TSelf loss, V truth) where V : struct, ILane<V> => 1;

    /// <summary>What becomes of the classes' mean.</summary>
    static virtual V Whole<V>(TSelf loss, V mean) where V : struct, ILane<V> => mean;
}

/// <summary>A loss of the order of errors: the Lovász extension of the Jaccard loss.</summary>
internal interface ILovaszLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, ILovaszLoss<TSelf>
{
    /// <summary>True for margins of scores, false for errors of probabilities.</summary>
    static abstract bool IsHinge { get; }
}

/// <summary>Makes the losses of regions.</summary>
internal static class Regions
{
    // In steps: a place of a class, and what each level of a sort adds to it; a class of a region, without and with a
    // sort.
    private const double OfPlace = 1.5;
    private const double OfLevel = 0.4;
    private const double OfClass = 30;
    private const double OfRanking = 60;

    public static Loss Of<TLoss>() where TLoss : struct, IRegionLoss<TLoss> => new OverlapLoss<TLoss>();

    public static Loss Lovasz<TLoss>() where TLoss : struct, ILovaszLoss<TLoss> => new LovaszLoss<TLoss>();

    private sealed class OverlapLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IRegionLoss<TLoss>
    {
        protected override double StepsPerElement => OfPlace;

        protected override double Steps(LossRequest request) => StepsOfRegions(request, sorts: false);

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            TLoss loss = TLoss.Configure(new(request));
            var plane = new RegionPlane<T>(request, isHinge: false);
            Regions.Compute(
                request, result, workshop, plane.IgnoredIn, plane.PlacesPerRegion,
                plan => new OverlapDriver<TLoss, T>(loss, request, result, plan, plane, workshop));
        }
    }

    private sealed class LovaszLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, ILovaszLoss<TLoss>
    {
        protected override double StepsPerElement => OfLevel;

        protected override double Steps(LossRequest request) => StepsOfRegions(request, sorts: true);

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            var plane = new RegionPlane<T>(request, TLoss.IsHinge);
            Regions.Compute(
                request, result, workshop, plane.IgnoredIn, plane.PlacesPerRegion,
                plan => new LovaszDriver<T>(request, result, plan, plane, workshop));
        }
    }

    // Places are computed in whole lanes, however few a region has.
    private static double StepsOfRegions(LossRequest request, bool sorts)
    {
        Solution solution = request.Solution!;
        double regions = solution.Items.Elements;
        long pixels = (long)solution.Length("N") * solution.Rest.Elements;
        long places = solution.Items.Rank == 0 ? pixels : solution.Rest.Elements;
        double padded = (places + DoubleLane.Count - 1) / DoubleLane.Count * DoubleLane.Count;
        double ofPlace = OfPlace + (sorts ? OfLevel * Loss.Levels(places) : 0);
        return regions * solution.Length("C") * ((padded * ofPlace) + (sorts ? OfRanking : OfClass));
    }

    // A region of which no place is left is left out of the mean, as a sample would be.
    private static void Compute(
        LossRequest request, LossResult result, Workshop workshop, Func<int, int> ignoredIn, int places,
        Func<ItemPlan<double>, RegionDriver> drive)
    {
        using var plan = new ItemPlan<double>(request, workshop);
        int ignored = 0;
        for (int region = 0; region < plan.Items; region++)
        {
            int inRegion = plan.IsLeftOut(region) ? -1 : ignoredIn(region);
            ignored += Math.Max(0, inRegion);
            if (inRegion == places)
            {
                plan.LeaveOut(region);
            }
        }

        if (ignored > 0)
        {
            result.Notes.Add(new("ignored", "Places whose label is ignore_index are in no sum and have gradient 0.")
            {
                Count = ignored,
            });
        }

        if (plan.Settle(result))
        {
            using RegionDriver driver = drive(plan);
            driver.RunPhases(workshop);
            workshop.Poll(); // a small request has no block left to poll before
        }
    }
}
