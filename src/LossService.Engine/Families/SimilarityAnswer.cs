using System.Diagnostics;
using System.Numerics;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>One answer of an in-batch loss: what the mean divides by, the rows, and the way of their slopes back to the
/// vectors.</summary>
internal sealed class SimilarityAnswer<TLoss, TInput, T, V>(
    TLoss loss, LossRequest request, LossResult result, ItemPlan<T> plan, Relation? relation, Workshop workshop)
    : IDisposable
    where TLoss : struct, ISimilarityLoss<TLoss>
    where TInput : unmanaged, IFloatingPointIeee754<TInput>
    where T : unmanaged, IFloatingPointIeee754<T>
    where V : struct, IVectorLane<V, T>
{
    private Tensor? _losses;

    /// <summary>Computes it from products of vectors.</summary>
    /// <returns>False where the mean is over nothing and the request wants an error for that.</returns>
    public bool ByProducts()
    {
        bool normalizes = loss.Similarity.Metric.TakesDirections;
        using var anchors = new SimilaritySide<TInput, T>(request, 0, plan, normalizes, workshop);
        using SimilaritySide<TInput, T>? others =
            relation is null ? new(request, 1, plan, normalizes, workshop) : null;
        if (!Meet(anchors, others ?? anchors, isFirst: true))
        {
            return false;
        }

        if (TLoss.IsMutual)
        {
            Meet(others!, anchors, isFirst: false);
        }

        // A batch of one block polls before that block has rented what it needs, and never again.
        workshop.Poll();
        anchors.Finish(plan, workshop);
        others?.Finish(plan, workshop);
        return true;
    }

    /// <summary>Computes it from a table of minus distances, which it uses up.</summary>
    /// <returns>False where the mean is over nothing and the request wants an error for that.</returns>
    public bool ByDistances(DistanceTable<TInput> table)
    {
        Debug.Assert(typeof(T) == typeof(double), "distances are measured in doubles");
        if (!Settle(table.Numbers))
        {
            return false;
        }

        Turn(table.Numbers);
        if (TLoss.IsMutual)
        {
            Turn(table.Mirror!);
        }

        table.Differentiate(result.Gradients, plan, workshop);
        workshop.Poll();
        return true;
    }

    /// <summary>Weighs and reduces the items.</summary>
    public void Finish() => AnchorItems.Finish<TInput, T>(result, plan, _losses!);

    public void Dispose() => _losses?.Dispose();

    // One side's vectors as anchors, the other's as candidates.
    private bool Meet(SimilaritySide<TInput, T> anchors, SimilaritySide<TInput, T> others, bool isFirst)
    {
        int count = plan.Items;
        using Tensor scores = Tensor.Rent(workshop.Pool, new Shape(count, count), anchors.Element);
        using (ProductDriver<T, V> product = ReferenceEquals(anchors, others)
            ? ProductDriver<T, V>.Symmetric(workshop, anchors.AsRows, scores)
            : new(workshop, anchors.AsRows, others.AsRows, scores))
        {
            product.RunAll(workshop);
        }

        if (isFirst)
        {
            if (!Settle(scores))
            {
                return false;
            }

            anchors.Open(result.Gradients[0], workshop.Pool);
            if (!ReferenceEquals(anchors, others))
            {
                others.Open(result.Gradients[1], workshop.Pool);
            }
        }

        Turn(scores);
        anchors.Add<V>(workshop, new(scores, count, count), others);
        others.Add<V>(workshop, new(scores, count, count, AreColumns: true), anchors);
        return true;
    }

    // What a mean divides by may hang on what the rows cost.
    private bool Settle(Tensor scores)
    {
        if (!plan.Settle(result, own: Divisor(scores)))
        {
            return false;
        }

        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _losses = AnchorItems.Rent(plan.Items, workshop.Pool);
        return true;
    }

    private Normalizer? Divisor(Tensor scores)
    {
        if (relation is null || !loss.Reducer.Counts || request.Reduction != Reduction.Mean)
        {
            return null;
        }

        string rule = TLoss.CostsByAnchor || loss.Reducer.Divisor == Families.Divisor.Nonzero ? "nonzero" : "pairs";
        if (!loss.Reducer.JudgesCosts)
        {
            (long pairs, int anchors) = relation.CountPositives(workshop.Pool);
            return new(rule, TLoss.CostsByAnchor ? anchors : pairs);
        }

        var rows = new SimilarityRows<TLoss, T, V>(loss, scores, relation, plan, losses: null, share: 1);
        rows.RunAll(workshop);
        return new(rule, loss.Reducer.Divisor == Families.Divisor.Nonzero ? rows.Nonzero : rows.Tuples);
    }

    private void Turn(Tensor scores)
    {
        double share = TLoss.IsMutual ? 0.5 : 1;
        new SimilarityRows<TLoss, T, V>(loss, scores, relation, plan, _losses, share).RunAll(workshop);
    }
}
