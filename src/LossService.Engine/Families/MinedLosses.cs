using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Makes the losses of mined pairs and triplets of the catalogue.</summary>
internal static class MinedLosses
{
    public static Loss Of<TLoss>() where TLoss : struct, IMinedLoss<TLoss> => new MinedLoss<TLoss>();

    private sealed class MinedLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IMinedLoss<TLoss>
    {
        private const double OfTriplet = 4; // in steps

        protected override double StepsPerElement => 1;

        protected override double Steps(LossRequest request)
        {
            TLoss loss = TLoss.Configure(new(request));
            double samples = request.Solution!.Length("N");
            double listed = TLoss.FormsTriplets && Relation.Given(request, Mined.TripletsName) is { } triplets
                ? OfTriplet * triplets.Shape[0] : 0;
            double pair = (TLoss.FormsTriplets ? 11 : 4)
                + BatchSteps.OfPair(loss.Metric, request.Solution!.Length("E"));
            return (samples * samples * (2 + (pair * BatchSteps.ShareOf(loss.Mining))))
                + BatchSteps.OfMiner(loss.Mining, request) + listed;
        }

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            Mining.SettleSeed(request);
            TLoss loss = TLoss.Configure(new(request));
            using var plan = new ItemPlan<T>(request, workshop);
            using var relation = new Relation(request, plan, workshop.Pool);
            using var table = new DistanceTable<T>(request, plan, loss.Metric, workshop);
            table.Measure(workshop);
            using FormedTuples? tuples =
                Mined.WantsTuples(request) ? new(TLoss.FormsTriplets, plan.Items, workshop.Pool) : null;
            using var miner = new AnchorMiner<T>(
                loss.Mining, relation, table, request, plan, workshop, TLoss.FormsTriplets, loss.CountsTriplets);
            using ClassNumbers<T>? ofClasses = ClassNumbers<T>.Of(request, TLoss.OfClasses, plan, workshop.Pool);
            using Peers? peers = loss.MeetsPeers ? new(plan.Items, workshop.Pool) : null;
            var driver = new NeighbourDriver<TLoss, T>(loss, table, miner, ofClasses, peers, plan, tuples);
            driver.LookAround(workshop);
            if (Look(loss, driver, request, tuples, workshop, out Normalizer? divisor)
                && plan.Settle(result, own: divisor))
            {
                Answer(driver, table, request, result, plan, tuples, workshop);
                ofClasses?.Finish(result);
            }
        }

        // What a mean divides by, and how many tuples there are, is known only when every anchor has looked around.
        private static bool Look<T>(
            TLoss loss, NeighbourDriver<TLoss, T> driver, LossRequest request, FormedTuples? tuples,
            Workshop workshop, out Normalizer? divisor)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            divisor = null;
            bool counts = loss.Reducer.Counts && request.Reduction == Reduction.Mean;
            if (!counts && tuples is null)
            {
                return true;
            }

            driver.RunAll(workshop);
            if (counts)
            {
                divisor = loss.Reducer.Divisor == Divisor.Nonzero
                    ? new("nonzero", driver.Nonzero) : new("pairs", driver.Tuples);
            }

            return tuples?.Lay(request, workshop.Pool) != false;
        }

        private static void Answer<T>(
            NeighbourDriver<TLoss, T> driver, DistanceTable<T> table, LossRequest request, LossResult result,
            ItemPlan<T> plan, FormedTuples? tuples, Workshop workshop)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            Outputs.Rent(request, result, workshop.Pool, withItems: true);
            using Tensor items = AnchorItems.Rent(plan.Items, workshop.Pool);
            driver.Answer(items, workshop);
            table.Differentiate(result.Gradients, plan, workshop);

            // A batch of one block polls before that block has rented what it needs, and never again.
            workshop.Poll();

            AnchorItems.Finish<T, T>(result, plan, items);
            result.TellTies(driver.Ties, TLoss.FormsTriplets ? "Triplets" : "Pairs");
            tuples?.Release(result);
        }
    }
}
