using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Makes the losses of mined pairs and triplets of the catalogue.</summary>
internal static class MinedLosses
{
    public static Loss Of<TLoss>() where TLoss : struct, IMinedLoss<TLoss> => new MinedLoss<TLoss>();

    private sealed class MinedLoss<TLoss>() : FamilyLoss(TLoss.Card)
        where TLoss : struct, IMinedLoss<TLoss>
    {
        protected override void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop) =>
            Compute<float>(request, result, workshop);

        protected override void ComputeFloat64(LossRequest request, LossResult result, Workshop workshop) =>
            Compute<double>(request, result, workshop);

        private static void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            TLoss loss = TLoss.Configure(new(request));
            using var plan = new ItemPlan<T>(request, workshop);
            using var table = new DistanceTable<T>(request, plan, loss.Metric, workshop);
            table.Measure(workshop);
            using TupleTable? tuples = WantsTuples(request) ? new(plan.Items, workshop.Pool) : null;
            if (plan.Settle(result, own: Divisor(loss, table, request, plan, tuples, workshop)))
            {
                Answer(loss, table, request, result, plan, tuples, workshop);
            }
        }

        private static bool WantsTuples(LossRequest request) =>
            TLoss.Card.Outputs.Count > 0 && new Settings(request).IsOn(Mined.ReturnTuples);

        // What a mean divides by is known only when every anchor has looked around.
        private static Normalizer? Divisor<T>(
            TLoss loss, DistanceTable<T> table, LossRequest request, ItemPlan<T> plan, TupleTable? tuples,
            Workshop workshop)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            bool counts = loss.Reducer != Reducer.Anchors && request.Reduction == Reduction.Mean;
            if (!counts && tuples is null)
            {
                return null;
            }

            var counter = new NeighbourDriver<TLoss, T>(loss, table, request, plan, items: null, tuples);
            counter.RunAll(workshop);
            tuples?.Lay(workshop.Pool);
            return !counts ? null : loss.Reducer == Reducer.Tuples ? new("pairs", counter.Tuples) : new("nonzero", counter.Nonzero);
        }

        private static void Answer<T>(
            TLoss loss, DistanceTable<T> table, LossRequest request, LossResult result, ItemPlan<T> plan,
            TupleTable? tuples, Workshop workshop)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            Outputs.Rent(request, result, workshop.Pool, withItems: true);
            using Tensor items = AnchorItems.Rent(plan.Items, workshop.Pool);
            new NeighbourDriver<TLoss, T>(loss, table, request, plan, items, tuples).RunAll(workshop);
            if (result.Gradients[0] is { } gradient)
            {
                table.Differentiate(gradient, plan, workshop);
            }

            AnchorItems.Finish<T, T>(result, plan, items);
            if (tuples is not null)
            {
                result.Outputs[0] = tuples.Release();
            }
        }
    }
}
