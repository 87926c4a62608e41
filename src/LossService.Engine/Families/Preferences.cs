using System.Diagnostics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>A loss of the log-probabilities of whole answers, one sample an item. Its operands are the card's first
/// inputs; where one is given token by token, or has lengths, its card's input says by which others.</summary>
internal interface IPreferenceLoss<TSelf> : ILossFile<TSelf> where TSelf : struct, IPreferenceLoss<TSelf>
{
    /// <summary>How many operands the formula has: 2 to 4.</summary>
    static abstract int Operands { get; }

    /// <summary>True when log-probabilities are divided by the lengths of their answers, where these are given or can
    /// be counted.</summary>
    bool Averages { get; }

    /// <summary>The loss of one sample; an operand that is absent is 1.</summary>
    V Loss<V>(V a, V b, V c, V d) where V : struct, ILane<V>;

    /// <summary>True when the loss has corners to count.</summary>
    static virtual bool HasCorner => false;

    /// <summary>What is 0 on a corner; never asked of a loss without.</summary>
    static virtual V Corner<V>(TSelf loss, V a, V b, V c, V d) where V : struct, ILane<V> =>
        throw new UnreachableException();

    /// <summary>The loss with what it takes from the whole batch, told in a note: constants, which have no
    /// gradient.</summary>
    /// <param name="loss">The loss as configured.</param>
    /// <param name="result">The answer, with its request.</param>
    /// <param name="isLeftOut">Says which samples are masked.</param>
    /// <param name="workshop">Is polled.</param>
    static virtual TSelf Prepare(
        TSelf loss, LossResult result, Func<int, bool> isLeftOut, Workshop workshop) => loss;
}

/// <summary>Makes the preference losses of the catalogue.</summary>
internal static class Preferences
{
    /// <summary>The input that says how many tokens the chosen answer has.</summary>
    public const string ChosenLengths = "chosen_lengths";

    /// <summary>The input that says how many tokens the rejected answer has.</summary>
    public const string RejectedLengths = "rejected_lengths";

    /// <summary>The input that says which tokens of the chosen answer count.</summary>
    public const string ChosenMask = "chosen_mask";

    /// <summary>The input that says which tokens of the rejected answer count.</summary>
    public const string RejectedMask = "rejected_mask";

    public static Loss Of<TLoss>() where TLoss : struct, IPreferenceLoss<TLoss> => new PreferenceLoss<TLoss>();

    private sealed class PreferenceLoss<TLoss>() : TypedLoss(TLoss.Card)
        where TLoss : struct, IPreferenceLoss<TLoss>
    {
        protected override double StepsPerElement => 1;

        protected override void Compute<T>(LossRequest request, LossResult result, Workshop workshop)
        {
            using var plan = new ItemPlan<T>(request, workshop);
            if (plan.Settle(result))
            {
                TLoss loss = TLoss.Prepare(TLoss.Configure(new(request)), result, plan.IsLeftOut, workshop);
                using var driver = new PreferenceDriver<TLoss, T>(loss, request, result, plan, workshop);
                driver.RunAll(workshop);
                driver.Finish();
            }
        }
    }
}
