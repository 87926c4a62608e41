using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Preference;

/// <summary>What losses of a chosen and a rejected answer take.</summary>
internal static class PreferenceInputs
{
    public static Parameter Beta { get; } = Parameter.Number(
        "beta", 0.1, "How strongly preferences count against staying near the reference.", min: 0, minOpen: true);

    public static Parameter LabelSmoothing { get; } = Parameter.Number(
        "label_smoothing", 0, "How likely a preference is taken to be the wrong way round; below a half.",
        min: 0, max: 0.5, maxOpen: true);

    public static Parameter LengthNormalize { get; } = Parameter.Flag(
        "length_normalize", false, "Divides log-probabilities by the lengths of their answers, where these are given.");

    /// <summary>The same where averages are what the publication has.</summary>
    public static Parameter LengthNormalized { get; } = Parameter.Flag(
        "length_normalize", true, "Divides log-probabilities by the lengths of their answers, where these are given.");

    /// <summary>A loss that compares the policy with a reference.</summary>
    public static IReadOnlyList<Input> WithReference { get; } =
    [
        Policy("policy_chosen_logps", "chosen", Domain.Any),
        Policy("policy_rejected_logps", "rejected", Domain.Any),
        Reference("reference_chosen_logps", "chosen"),
        Reference("reference_rejected_logps", "rejected"),
        .. Lengths,
    ];

    /// <summary>A loss of the policy alone.</summary>
    public static IReadOnlyList<Input> PolicyOnly { get; } = PolicyWithin(Domain.Any);

    /// <summary>Both numbers of tokens.</summary>
    private static IReadOnlyList<Input> Lengths =>
    [
        LengthsOf(Preferences.ChosenLengths, "chosen"), LengthsOf(Preferences.RejectedLengths, "rejected"),
    ];

    /// <summary>A loss of the policy alone, whose formula needs log-probabilities in this range.</summary>
    public static IReadOnlyList<Input> PolicyWithin(Domain domain) =>
    [
        Policy("policy_chosen_logps", "chosen", domain), Policy("policy_rejected_logps", "rejected", domain), .. Lengths,
    ];

    private static Input Policy(string name, string which, Domain domain) =>
        new(name, "N", $"Log-probability of the {which} answer under the policy: the sum over its tokens.")
        {
            Gradient = GradientRule.Default,
            Domain = domain,
        };

    private static Input Reference(string name, string which) =>
        new(name, "N", $"The same of the {which} answer under the reference, a constant.") { Domain = Domain.Real };

    private static Input LengthsOf(string name, string which) =>
        new(name, "N", $"How many tokens the {which} answer has; counts only where the loss averages over them.")
        {
            Optional = true,
            Domain = new(1, double.PositiveInfinity),
        };
}
