using LossService.Engine.Cards;

namespace LossService.Engine.Families;

/// <summary>What an alignment loss wants.</summary>
/// <param name="Blank">The class of no label.</param>
/// <param name="ZeroInfinity">Impossible alignments cost 0.</param>
/// <param name="ThroughSoftmax">The gradient of log-probabilities is that of the logits they are made of.</param>
/// <param name="PerLabel">Divides an item by its number of labels.</param>
/// <param name="MeanPerLabel">Divides what an item adds to the reduced loss by its number of labels, not the
/// item.</param>
internal readonly record struct AlignmentSetup(
    int Blank, bool ZeroInfinity, bool ThroughSoftmax, bool PerLabel, bool MeanPerLabel);

/// <summary>A loss of the probability that a sequence of labels is read from longer sequences of classes: all
/// alignments together.</summary>
internal interface IAlignmentLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IAlignmentLoss<TSelf>
{
    /// <summary>The options of a request.</summary>
    AlignmentSetup Setup { get; }
}

/// <summary>Makes the alignment losses of the catalogue.</summary>
internal static class Alignments
{
    public static Loss Of<TLoss>() where TLoss : struct, IAlignmentLoss<TLoss> => new AlignmentLoss<TLoss>();

    private sealed class AlignmentLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IAlignmentLoss<TLoss>
    {
        // As if there were as many labels as classes.
        protected override double GuessedSteps(long elements) => 5.0 * elements;

        protected override double Steps(LossRequest request)
        {
            Solution solution = request.Solution!;
            double steps = (double)solution.Length("T") * solution.Length("N");
            int targets = request.Card.PlaceOfInput("targets");
            double labels = solution.Form(targets)!.Packed
                ? request.AnyTensor(targets).Shape.Elements / Math.Max(1.0, solution.Length("N"))
                : solution.Length("S");
            return steps * (solution.Length("C") + (2.4 * ((2 * labels) + 1)));
        }

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            using var plan = new ItemPlan<T>(request, workshop);
            using var sequences = new Sequences(request, workshop.Pool);
            if (plan.Settle(result))
            {
                using var driver = new AlignmentDriver<T>(
                    TLoss.Configure(new(request)).Setup, request, result, plan, sequences, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}
