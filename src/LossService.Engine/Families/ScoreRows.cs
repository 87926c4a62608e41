using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A loss of one row of scores that statistics of the row do not determine: it sorts them, compares them, or
/// changes them before a softmax. The lower seam of the softmax rows.</summary>
/// <remarks>Rows are computed in doubles, for float32 too, and rounded once: these losses are bound by comparisons, not
/// by arithmetic.</remarks>
internal interface IScoreRowLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IScoreRowLoss<TSelf>
{
    /// <summary>The input that holds a second row of scores; null for none.</summary>
    static virtual string? Teacher => null;

    /// <summary>The input that holds how often each class was seen, which the labels of the batch join; null for none.
    /// The new counts are the card's first output.</summary>
    static virtual string? Counts => null;

    /// <summary>The input of vectors whose cosines with those of the next input, one a class, are the scores where none
    /// are given; null for none.</summary>
    static virtual string? Vectors => null;

    /// <summary>The label whose rows are left out; null for none.</summary>
    int? IgnoreIndex { get; }

    /// <summary>What a request costs beside a few looks at each score, in steps; of a loss that compares scores with
    /// each other.</summary>
    static virtual double MoreSteps(LossRequest request) => 0;

    /// <summary>The row's item; adds its slopes, and its curves where the card has them.</summary>
    double Row(in ScoreRow row);
}

/// <summary>Makes the losses over rows of scores. The first input of such a card holds the scores, or vectors whose
/// cosines they are stand behind it; one that is named
/// <c>targets</c>, where there is one, a label or a number a row, and <c>weight</c>, where there is one, a weight per
/// class.</summary>
internal static class ScoreRows
{
    public static Loss Of<TLoss>() where TLoss : struct, IScoreRowLoss<TLoss> => new ScoreRowLoss<TLoss>();

    private sealed class ScoreRowLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IScoreRowLoss<TLoss>
    {
        private static readonly int Targets = TLoss.Card.PlaceOfInput("targets");
        private static readonly int Weight = TLoss.Card.PlaceOfInput(Common.WeightName);

        protected override double StepsPerElement => 1;

        protected override double HessianFactor => 1;

        protected override double Steps(LossRequest request)
        {
            int vectors = TLoss.Vectors is { } name ? request.Card.PlaceOfInput(name) : -1;
            if (vectors < 0 || !request.HasInput(vectors))
            {
                return base.Steps(request) + TLoss.MoreSteps(request);
            }

            // Three products: the cosines, and the slopes on them back to either side.
            Solution solution = request.Solution!;
            double cosines = (double)solution.Rows * solution.Length("C");
            return cosines * (StepsPerElement + (0.02 * solution.Length("E")));
        }

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            TLoss loss = TLoss.Configure(new(request));
            Tensor? labels =
                loss.IgnoreIndex is null ? null : request.LabelTensor(Targets);
            using var plan = new ItemPlan<T>(request, workshop, -1, labels, loss.IgnoreIndex);
            int vectors = TLoss.Vectors is { } name ? request.Card.PlaceOfInput(name) : -1;
            if (vectors >= 0 && request.HasInput(vectors))
            {
                ComputeOfVectors(loss, vectors, request, result, plan, workshop);
            }
            else if (plan.Settle(result, SumOfWeights(request, plan, workshop)))
            {
                Outputs.Rent(request, result, workshop.Pool, withItems: true);
                using var driver = new ScoreRowDriver<TLoss, T, T>(
                    loss, request.Tensor(0)!, result.Gradients[0], request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }

        // Class weights are an item's own where it has one label.
        private static double? SumOfWeights<T>(LossRequest request, ItemPlan<T> plan, Workshop workshop)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T> =>
            Weight >= 0 && request.Solution!.Form(Targets)!.Kind == InputKind.Label
                ? new RowTarget<T>(request, Targets, Weight, smoothing: 0).SumOfWeights(request, plan, workshop)
                : null;

        private static void ComputeOfVectors<T>(
            TLoss loss, int vectors, LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            long elements = (long)request.Solution!.Rows * request.Solution.Length("C");
            if (Oversize.Refuses(request, $"/{request.Card.Inputs[vectors + 1].Name}", "cosines", elements)
                || !plan.Settle(result))
            {
                return;
            }

            using var cosines = new CosineScores<T>(request, vectors, plan, workshop);
            Outputs.Rent(request, result, workshop.Pool, withItems: true);
            using var driver = new ScoreRowDriver<TLoss, T, double>(
                loss, cosines.Scores, cosines.Scores, request, result, plan, workshop);
            driver.RunAll(workshop);
            cosines.Differentiate(result, workshop);
            driver.Finish();
        }
    }
}
