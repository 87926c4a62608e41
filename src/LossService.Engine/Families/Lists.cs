using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>How a loss wants its lists.</summary>
/// <param name="ByRelevance">Sorted, the most relevant first; else as they stand.</param>
/// <param name="Seed">Shuffles equally relevant elements; without it the earlier stands first.</param>
/// <param name="MeanOverPairs">A mean divides by the pairs of different relevance rather than by the lists.</param>
internal readonly record struct ListSetup(bool ByRelevance, ulong? Seed = null, bool MeanOverPairs = false);

/// <summary>What a kernel says of one list beside its derivatives.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Ties">How many pairs sit on a corner.</param>
/// <param name="IsPlain">True when nothing in the list is more relevant than anything else, or nothing is relevant at
/// all, as the loss has it: then it costs 0.</param>
internal readonly record struct ListAnswer(double Loss, int Ties = 0, bool IsPlain = false);

/// <summary>A loss of ranked lists: the scores and relevances of one list in, its loss and slopes out. All in
/// doubles.</summary>
internal interface IListLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IListLoss<TSelf>
{
    /// <summary>How many times over the loss looks at everything, where a parameter says so.</summary>
    static virtual double Passes(Settings settings) => 1;

    /// <summary>How the lists come.</summary>
    ListSetup Setup { get; }

    /// <summary>The loss of a list of at least one element. Adds to its slopes, and to its curvatures where they are
    /// wanted; both come as zeros.</summary>
    ListAnswer Loss(in RankedList list);
}

/// <summary>Makes the list losses of the catalogue.</summary>
internal static class Lists
{
    public static Loss Of<TLoss>() where TLoss : struct, IListLoss<TLoss> => new ListLoss<TLoss>();

    private sealed class ListLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IListLoss<TLoss>
    {
        protected override double StepsPerElement => TLoss.Card.Cost == Cost.Quadratic ? 0.4 : 0.5;

        protected override double HessianFactor => 1;

        protected override double Passes(Settings settings) => TLoss.Passes(settings);

        protected override double Steps(LossRequest request) => TLoss.Card.Cost == Cost.Quadratic
            ? StepsPerElement * ListLayout.PairsOf(request.Solution!) : base.Steps(request);

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            using var plan = new ItemPlan<T>(request, workshop);
            using var layout = new ListLayout(request, workshop.Pool);
            using var driver = new ListDriver<TLoss, T>(
                TLoss.Configure(new(request)), request, result, plan, layout, workshop);
            if (plan.Settle(result, own: driver.Divisor(workshop)))
            {
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}
