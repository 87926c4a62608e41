using LossService.Engine.Cards;

namespace LossService.Wire;

/// <summary>What other libraries call the inputs that nearly every loss has: its predictions and its targets.</summary>
/// <remarks>A name is understood only where the card leaves no doubt, since no guess is better than a wrong one. Names
/// such as logits and probabilities are not here: they say what the numbers are, and may well be right.</remarks>
internal static class OtherNames
{
    private static readonly string[] Predictions =
        ["input", "inputs", "output", "outputs", "pred", "preds", "prediction", "predictions", "y_pred", "y_hat"];

    private static readonly string[] Targets =
        ["label", "labels", "target", "targets", "y", "y_true", "ground_truth", "gt"];

    /// <summary>The input of the card that this name surely means, or null.</summary>
    public static string? Meant(LossCard card, string word) =>
        Predictions.Contains(word) ? Only(card.Inputs.Where(one => one.Gradient == GradientRule.Default))
        : Targets.Contains(word) ? TargetsOf(card) : null;

    // Labels that must be given before those that may be; numbers only where nothing is a label. A teacher is no
    // target: what he says need not be finite.
    private static string? TargetsOf(LossCard card)
    {
        Input[] others = [.. card.Inputs.Where(one =>
            one is { Gradient: not GradientRule.Default, Groups: Grouping.None })];
        Input[] labels = [.. others.Where(one => one.Forms.Any(form => form.Kind == InputKind.Label))];
        return Only(labels.Where(IsNeeded)) ?? (labels.Length > 0 ? Only(labels)
            : Only(others.Where(one => IsNeeded(one) && one.Domain.Finite)));
    }

    private static bool IsNeeded(Input input) =>
        !input.Optional && input is { OneOf: null, Beside: null, NeededWith: null };

    private static string? Only(IEnumerable<Input> inputs)
    {
        Input[] some = [.. inputs.Take(2)];
        return some.Length == 1 ? some[0].Name : null;
    }
}
