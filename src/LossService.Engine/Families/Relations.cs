
namespace LossService.Engine.Families;

/// <summary>What a loss of relations weighs.</summary>
/// <param name="Temperature">Divides both sides' logits.</param>
/// <param name="Scale">Multiplies everything.</param>
/// <param name="Rows">The weight of how the classes of a sample relate.</param>
/// <param name="Columns">The weight of how the samples of a class relate.</param>
/// <param name="Eps">Added to the denominator of a correlation.</param>
internal readonly record struct RelationOptions(
    double Temperature, double Scale, double Rows, double Columns, double Eps);

/// <summary>A loss of how a student's probabilities correlate with its teacher's, along the rows and down the columns
/// of the batch. The card's first two inputs are their logits, (N, C).</summary>
internal interface IRelationLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IRelationLoss<TSelf>
{
    RelationOptions Options { get; }
}

/// <summary>Makes the losses of relations.</summary>
internal static class Relations
{
    public static Loss Of<TLoss>() where TLoss : struct, IRelationLoss<TLoss> => new RelationLoss<TLoss>();

    private sealed class RelationLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IRelationLoss<TLoss>
    {
        protected override double StepsPerElement => 3;

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            using var plan = new ItemPlan<double>(request, workshop);
            if (plan.Settle(result))
            {
                RelationOptions options = TLoss.Configure(new(request)).Options;
                using var driver = new RelationDriver<T>(options, request, result, plan, workshop);
                driver.RunSteps(workshop);
            }
        }
    }
}
