using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>A loss between two distributions p and q over classes: a sum of one term a class. Each side may be written
/// as probabilities, log-probabilities or logits.</summary>
/// <remarks>The inputs of the two sides carry <see cref="Input.OneOf"/> "p" and "q"; their names tell how they are
/// written: <c>log_…</c>, <c>…logits</c>, or neither.</remarks>
internal interface IDistributionLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IDistributionLoss<TSelf>
{
    /// <summary>Multiplies every term.</summary>
    double Scale { get; }

    /// <summary>Divides the logits of both sides.</summary>
    double Temperature { get; }

    /// <summary>The weight of a hard cross-entropy of q's logits, at temperature 1, with the input
    /// <c>targets</c>.</summary>
    double HardWeight { get; }

    /// <summary>True when each term is an item of its own rather than their sum.</summary>
    bool ItemsAreTerms { get; }

    /// <summary>True when their sum is divided by how many there are.</summary>
    bool TakesMeanOfTerms => false;

    /// <summary>True when the answer tells the cross-entropy and the entropy whose difference the loss is.</summary>
    bool TellsIdentity { get; }

    /// <summary>True when the slope of a term on log q is -p, as for all cross-entropies: the gradient of q's logits is
    /// then a difference of distributions, and can be taken without cancellation.</summary>
    bool IsCrossEntropyInQ { get; }

    /// <summary>True when a term is p (log p - log q), whose first-order parts cancel over a row.</summary>
    static virtual bool IsDivergence => false;

    /// <summary>True when a term looks at the gap log q - log p, which near 0 has digits that the difference of the
    /// rounded logarithms has lost.</summary>
    static virtual bool TakesGap => false;

    /// <summary>The term of one class. A derivative comes with p, log p or log q; q and the gap are constants, and the
    /// gap is there only for a loss that <see cref="TakesGap"/>.</summary>
    V Term<V>(V p, V logP, V q, V logQ, V gap) where V : struct, ILane<V>;
}

/// <summary>Makes the losses between distributions.</summary>
internal static class Distributions
{
    public static Loss Of<TLoss>() where TLoss : struct, IDistributionLoss<TLoss> => new DistributionLoss<TLoss>();

    /// <summary>The inputs of one side: exactly one of them is given.</summary>
    public static IReadOnlyList<Input> Side(string side, string meaning, GradientRule gradient) =>
    [
        new(side, "N C *D | C", $"{meaning}, as probabilities; classes on the second axis, or alone.")
        {
            OneOf = side,
            Gradient = gradient,
            Domain = Domain.Probability,
        },
        new($"log_{side}", "N C *D | C", $"{meaning}, as log-probabilities.") { OneOf = side, Gradient = gradient },
        new($"{side}_logits", "N C *D | C", $"{meaning}, as logits before the softmax.") { OneOf = side, Gradient = gradient },
    ];

    private sealed class DistributionLoss<TLoss>() : LanedLoss(TLoss.Card)
        where TLoss : struct, IDistributionLoss<TLoss>
    {
        protected override void Compute<T, V>(LossRequest request, LossResult result, Workshop workshop)
        {
            TLoss loss = TLoss.Configure(new(request));
            using var plan = new ItemPlan<T>(request, workshop);
            if (plan.Settle(result))
            {
                using var driver = new DistributionDriver<TLoss, T, V>(loss, request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}
