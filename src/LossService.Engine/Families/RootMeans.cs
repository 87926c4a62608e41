namespace LossService.Engine.Families;

/// <summary>Makes the losses that are a root of a mean of squares: no sum over elements, so that an item is the whole
/// batch or a sample of it. The card's first two inputs are differences' operands, <c>weight</c> a weight an
/// element.</summary>
internal static class RootMeans
{
    public static Loss Of<TLoss>() where TLoss : struct, ILossFile<TLoss> => new RootMeanLoss<TLoss>();

    private sealed class RootMeanLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, ILossFile<TLoss>
    {
        private const double OfRoot = 20; // in steps

        protected override double Steps(LossRequest request) =>
            base.Steps(request) + (OfRoot * request.Solution!.Items.Elements);

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            using var plan = new ItemPlan<double>(request, workshop);
            using var driver = new RootMeanDriver<T>(request, result, plan, workshop);
            driver.Measure(workshop);
            if (plan.Settle(result))
            {
                driver.Finish(workshop);
            }
        }
    }
}
