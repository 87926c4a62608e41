using System.Diagnostics;
using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Makes the in-batch losses of the catalogue: similarities by one matrix product, a row at a time to losses
/// and slopes, gradients by two more products; of a distance by a table, and back through it.</summary>
internal static class Similarities
{
    public static Loss Of<TLoss>() where TLoss : struct, ISimilarityLoss<TLoss> => new SimilarityLoss<TLoss>();

    private sealed class SimilarityLoss<TLoss>() : LanedLoss(TLoss.Card)
        where TLoss : struct, ISimilarityLoss<TLoss>
    {
        private static bool HasRelation => TLoss.Positives == Positives.Related;

        protected override void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop)
        {
            bool isWide = TLoss.NeedsDoubles || !TLoss.Configure(new(request)).Similarity.Metric.Distance.IsProduct;
            if (!isWide)
            {
                base.ComputeFloat32(request, result, workshop);
            }
            else if (Wide.IsFast)
            {
                Compute<float, double, WideDoubleLane>(request, result, workshop);
            }
            else
            {
                Compute<float, double, DoubleLane>(request, result, workshop);
            }
        }

        protected override void Compute<T, V>(LossRequest request, LossResult result, Workshop workshop) =>
            Compute<T, T, V>(request, result, workshop);

        private static void Compute<TInput, T, V>(LossRequest request, LossResult result, Workshop workshop)
            where TInput : unmanaged, IFloatingPointIeee754<TInput>
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            Mining.SettleSeed(request);
            TLoss loss = TLoss.Configure(new(request));
            using var plan = new ItemPlan<T>(request, workshop);
            BatchMetric metric = loss.Similarity.Metric;
            using Relation? given = HasRelation ? new(request, plan, workshop.Pool) : null;
            using DistanceTable<TInput>? table = metric.Distance.IsProduct
                ? null
                : DistanceTable<TInput>.OfSimilarities(
                    request, plan, metric, workshop, hasOthers: !HasRelation, TLoss.IsMutual);
            table?.Measure(workshop);
            using Relation? mined = given is null ? null : PairMining<TInput>.Choose(
                loss.Mining, metric, table, given, request, plan, workshop);
            Relation? relation = mined ?? given;
            using FormedTuples? tuples = HasRelation && Mined.WantsTuples(request)
                ? new(areTriplets: false, plan.Items, workshop.Pool) : null;
            if (tuples?.Tell(relation!, plan, request, workshop.Pool) != false
                && plan.Settle(result, own: Counted(relation, workshop.Pool)))
            {
                Outputs.Rent(request, result, workshop.Pool, withItems: true);
                using Tensor losses = AnchorItems.Rent(plan.Items, workshop.Pool);
                if (table is null)
                {
                    AnswerByProducts<TInput, T, V>(loss, request, result, plan, losses, relation, workshop);
                }
                else
                {
                    AnswerByDistances<TInput, T, V>(loss, result, plan, losses, relation, table, workshop);
                }

                AnchorItems.Finish<TInput, T>(result, plan, losses);
                tuples?.Release(result);
            }
        }

        private static Normalizer? Counted(Relation? relation, TensorPool pool)
        {
            if (relation is null || TLoss.Counting == Counting.Anchors)
            {
                return null;
            }

            (long pairs, int anchors) = relation.CountPositives(pool);
            return TLoss.Counting == Counting.PositivePairs ? new("pairs", pairs) : new("nonzero", anchors);
        }

        private static void AnswerByProducts<TInput, T, V>(
            TLoss loss, LossRequest request, LossResult result, ItemPlan<T> plan, Tensor losses, Relation? relation,
            Workshop workshop)
            where TInput : unmanaged, IFloatingPointIeee754<TInput>
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            bool normalizes = loss.Similarity.Metric.TakesDirections;
            using var anchors = new SimilaritySide<TInput, T>(request, result, 0, plan, normalizes, workshop.Pool);
            using SimilaritySide<TInput, T>? others =
                HasRelation ? null : new(request, result, 1, plan, normalizes, workshop.Pool);

            Meet<TInput, T, V>(loss, anchors, others ?? anchors, plan, losses, relation, workshop);
            if (TLoss.IsMutual)
            {
                Meet<TInput, T, V>(loss, others!, anchors, plan, losses, relation, workshop);
            }

            // A batch of one block polls before that block has rented what it needs, and never again.
            workshop.Poll();
            anchors.Finish(plan);
            others?.Finish(plan);
        }

        private static void AnswerByDistances<TInput, T, V>(
            TLoss loss, LossResult result, ItemPlan<T> plan, Tensor losses, Relation? relation,
            DistanceTable<TInput> table, Workshop workshop)
            where TInput : unmanaged, IFloatingPointIeee754<TInput>
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            Debug.Assert(typeof(T) == typeof(double), "distances are measured in doubles");
            Turn<T, V>(loss, table.Numbers, plan, losses, relation, workshop);
            if (TLoss.IsMutual)
            {
                Turn<T, V>(loss, table.Mirror!, plan, losses, relation, workshop);
            }

            table.Differentiate(result.Gradients, plan, workshop);
            workshop.Poll();
        }

        // One side's vectors as anchors, the other's as candidates.
        private static void Meet<TInput, T, V>(
            TLoss loss, SimilaritySide<TInput, T> anchors, SimilaritySide<TInput, T> others, ItemPlan<T> plan,
            Tensor losses, Relation? relation, Workshop workshop)
            where TInput : unmanaged, IFloatingPointIeee754<TInput>
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            int count = plan.Items;
            using Tensor scores = Tensor.Rent(workshop.Pool, new Shape(count, count), anchors.Element);
            using (ProductDriver<T, V> product = ReferenceEquals(anchors, others)
                ? ProductDriver<T, V>.Symmetric(workshop.Pool, anchors.AsRows, scores)
                : new(workshop.Pool, anchors.AsRows, others.AsRows, scores))
            {
                product.RunAll(workshop);
            }

            Turn<T, V>(loss, scores, plan, losses, relation, workshop);
            anchors.Add<V>(workshop, new(scores, count, count), others);
            others.Add<V>(workshop, new(scores, count, count, AreColumns: true), anchors);
        }

        private static void Turn<T, V>(
            TLoss loss, Tensor scores, ItemPlan<T> plan, Tensor losses, Relation? relation, Workshop workshop)
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            double share = TLoss.IsMutual ? 0.5 : 1;
            new SimilarityRows<TLoss, T, V>(loss, scores, relation, plan, losses, share).RunAll(workshop);
        }
    }
}
