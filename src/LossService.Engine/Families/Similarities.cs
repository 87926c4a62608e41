using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Makes the in-batch losses of the catalogue: similarities by one matrix product, a row at a time to losses
/// and slopes, gradients by two more products.</summary>
internal static class Similarities
{
    public static Loss Of<TLoss>() where TLoss : struct, ISimilarityLoss<TLoss> => new SimilarityLoss<TLoss>();

    private sealed class SimilarityLoss<TLoss>() : FamilyLoss(TLoss.Card)
        where TLoss : struct, ISimilarityLoss<TLoss>
    {
        private static bool HasLabels => TLoss.Positives == Positives.SameLabel;

        protected override void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop)
        {
            if (TLoss.NeedsDoubles)
            {
                Compute<float, double, DoubleLane>(request, result, workshop);
            }
            else
            {
                Compute<float, float, SingleLane>(request, result, workshop);
            }
        }

        protected override void ComputeFloat64(LossRequest request, LossResult result, Workshop workshop) =>
            Compute<double, double, DoubleLane>(request, result, workshop);

        private static void Compute<TInput, T, V>(LossRequest request, LossResult result, Workshop workshop)
            where TInput : unmanaged, IFloatingPointIeee754<TInput>
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            using var plan = new ItemPlan<T>(request, workshop);
            if (plan.Settle(result, own: Counted(request, plan, workshop.Pool)))
            {
                Outputs.Rent(request, result, workshop.Pool, withItems: true);
                Answer<TInput, T, V>(request, result, plan, workshop);
            }
        }

        private static Normalizer? Counted<T>(LossRequest request, ItemPlan<T> plan, TensorPool pool)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            if (TLoss.Counting == Counting.Anchors)
            {
                return null;
            }

            using Tensor scratch = Tensor.Rent(pool, new Shape(plan.Items), Element.Label);
            (long pairs, int anchors) = LabelCounts.Of(request.LabelTensor(1)!.Label, plan, scratch.Label);
            return TLoss.Counting == Counting.PositivePairs ? new("pairs", pairs) : new("nonzero", anchors);
        }

        private static void Answer<TInput, T, V>(
            LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
            where TInput : unmanaged, IFloatingPointIeee754<TInput>
            where T : unmanaged, IFloatingPointIeee754<T>
            where V : struct, IVectorLane<V, T>
        {
            TLoss loss = TLoss.Configure(new(request));
            bool normalizes = loss.Similarity.Normalizes;
            using var anchors = new SimilaritySide<TInput, T>(request, result, 0, plan, normalizes, workshop.Pool);
            using SimilaritySide<TInput, T>? others =
                HasLabels ? null : new(request, result, 1, plan, normalizes, workshop.Pool);

            using Tensor losses = AnchorItems.Rent(plan.Items, workshop.Pool);
            Meet<TInput, T, V>(loss, anchors, others ?? anchors, plan, losses, request, workshop);
            if (TLoss.IsMutual)
            {
                Meet<TInput, T, V>(loss, others!, anchors, plan, losses, request, workshop);
            }

            // A batch of one block polls before that block has rented what it needs, and never again.
            workshop.Poll();
            anchors.Finish(plan);
            others?.Finish(plan);
            AnchorItems.Finish<TInput, T>(result, plan, losses);
        }

        // One side's vectors as anchors, the other's as candidates.
        private static void Meet<TInput, T, V>(
            TLoss loss, SimilaritySide<TInput, T> anchors, SimilaritySide<TInput, T> others, ItemPlan<T> plan,
            Tensor losses, LossRequest request, Workshop workshop)
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

            Tensor? labels = HasLabels ? request.LabelTensor(1) : null;
            double share = TLoss.IsMutual ? 0.5 : 1;
            new SimilarityRows<TLoss, T, V>(loss, scores, labels, plan, losses, share).RunAll(workshop);
            anchors.Add<V>(workshop, new(scores, count, count), others);
            others.Add<V>(workshop, new(scores, count, count, AreColumns: true), anchors);
        }
    }
}
