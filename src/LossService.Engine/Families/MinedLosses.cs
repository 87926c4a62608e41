using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Makes the losses of mined pairs and triplets of the catalogue.</summary>
internal static class MinedLosses
{
    public static Loss Of<TLoss>() where TLoss : struct, IMinedLoss<TLoss> => new MinedLoss<TLoss>();

    private sealed class MinedLoss<TLoss>() : Loss(TLoss.Card)
        where TLoss : struct, IMinedLoss<TLoss>
    {
        public override LossResult Run(LossRequest request, Workshop workshop) =>
            request.IsFloat64 ? Run<double>(request, workshop) : Run<float>(request, workshop);

        private static LossResult Run<T>(LossRequest request, Workshop workshop)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            var result = new LossResult(request);
            try
            {
                TLoss loss = TLoss.Configure(new(request));
                using var plan = new ItemPlan<T>(request, workshop);
                using var table = new DistanceTable<T>(request, plan, loss.Metric, workshop);
                table.Measure(workshop);
                using TupleTable? tuples = WantsTuples(request) ? new(plan.Items, workshop.Pool) : null;
                if (plan.Settle(result, own: Divisor(loss, table, request, plan, tuples, workshop)))
                {
                    Compute(loss, table, request, result, plan, tuples, workshop);
                }

                return result;
            }
            catch
            {
                result.Dispose();
                throw;
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

        private static void Compute<T>(
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
