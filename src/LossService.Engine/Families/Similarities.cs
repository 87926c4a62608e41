using System.Numerics;
using LossService.Engine.Lanes;

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

        protected override double StepsPerElement => 0.03;

        protected override double Steps(LossRequest request)
        {
            TLoss loss = TLoss.Configure(new(request));
            double samples = request.Solution!.Length("N");
            double pair = BatchSteps.OfPair(loss.Similarity.Metric, request.Solution!.Length("E"));
            return (samples * samples * (HasRelation ? 1 : 2) * pair)
                + (HasRelation ? BatchSteps.OfMiner(loss.Mining, request) : 0);
        }

        protected override void ComputeFloat32(LossRequest request, LossResult result, Workshop workshop)
        {
            TLoss loss = TLoss.Configure(new(request));
            bool isWide =
                TLoss.NeedsDoubles || loss.Reducer.JudgesCosts || !loss.Similarity.Metric.Distance.IsProduct;
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
            if (tuples?.Tell(relation!, plan, request, workshop) == false)
            {
                return;
            }

            using var answer = new SimilarityAnswer<TLoss, TInput, T, V>(
                loss, request, result, plan, relation, workshop);
            if (table is null ? answer.ByProducts() : answer.ByDistances(table))
            {
                answer.Finish();
                tuples?.Release(result);
            }
        }
    }
}
