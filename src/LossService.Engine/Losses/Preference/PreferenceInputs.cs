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
        "length_normalize", false, "Divides log-probabilities by the lengths of their answers, where these are given or tokens are.");

    /// <summary>The same where averages are what the publication has.</summary>
    public static Parameter LengthNormalized { get; } = Parameter.Flag(
        "length_normalize", true, "Divides log-probabilities by the lengths of their answers, where these are given or tokens are.");

    /// <summary>What lengths do where the publication has sums.</summary>
    public const string LengthsEdge =
        "Lengths without length_normalize change nothing; length_normalize without lengths takes the numbers as averages already.";

    /// <summary>A request of a loss that knows wrong preferences.</summary>
    public static Example Noisy { get; } = new(
        "simple", "One preference in ten is wrong.",
        """{"policy_chosen_logps":[-10.0,-21.0],"policy_rejected_logps":[-12.0,-19.5],"reference_chosen_logps":[-11.0,-20.0],"reference_rejected_logps":[-11.5,-20.0],"label_smoothing":0.1}""");

    private const string ChosenTokens = "T";
    private const string RejectedTokens = "R";

    /// <summary>A loss that compares the policy with a reference.</summary>
    public static IReadOnlyList<Input> WithReference { get; } =
    [
        PolicyChosen(Domain.Any), PolicyRejected(Domain.Any),
        Reference("reference_chosen_logps", "chosen", ChosenTokens, Preferences.ChosenLengths, Preferences.ChosenMask),
        Reference("reference_rejected_logps", "rejected", RejectedTokens, Preferences.RejectedLengths, Preferences.RejectedMask),
        .. Counts,
    ];

    /// <summary>A loss of the policy alone.</summary>
    public static IReadOnlyList<Input> PolicyOnly { get; } = PolicyWithin(Domain.Any);

    /// <summary>What says how many tokens, and which, of both answers count.</summary>
    public static IReadOnlyList<Input> Counts =>
    [
        LengthsOf(Preferences.ChosenLengths, "chosen answer", ChosenTokens),
        LengthsOf(Preferences.RejectedLengths, "rejected answer", RejectedTokens),
        MaskOf(Preferences.ChosenMask, Preferences.ChosenLengths, "chosen answer", ChosenTokens),
        MaskOf(Preferences.RejectedMask, Preferences.RejectedLengths, "rejected answer", RejectedTokens),
    ];

    /// <summary>A loss of the policy alone, whose formula needs log-probabilities in this range.</summary>
    public static IReadOnlyList<Input> PolicyWithin(Domain domain) =>
        [PolicyChosen(domain), PolicyRejected(domain), .. Counts];

    /// <summary>The policy's log-probabilities of answers, the card's first.</summary>
    public static Input Policy(string name, string which, Domain domain, string lengths, string mask) =>
        new(name, $"Log-probability of {which} under the policy: the sum over its tokens, or token by token.",
            [new("N"), new($"N {ChosenTokens}")])
        {
            Gradient = GradientRule.Default,
            Domain = domain,
            CountedBy = lengths,
            MaskedBy = mask,
        };

    /// <summary>The reference's log-probabilities of answers that the policy has tokens of.</summary>
    public static Input Reference(string name, string which, string tokens, string lengths, string mask) =>
        new(name, $"The same of the {which} answer under the reference, a constant.",
            [new("N"), new($"N {tokens}") { Needs = tokens }])
        {
            Domain = Domain.Real,
            CountedBy = lengths,
            MaskedBy = mask,
        };

    /// <summary>How many tokens answers have.</summary>
    public static Input LengthsOf(string name, string which, string tokens = ChosenTokens) =>
        new(name, $"How many tokens the {which} has, before its padding; of sums it counts only where the loss averages.",
            [new("N", InputKind.Length) { Classes = tokens, Needs = tokens }, new("N")])
        {
            Optional = true,
            OneOf = name,
            Domain = new(1, double.PositiveInfinity),
        };

    /// <summary>Which tokens of answers count.</summary>
    public static Input MaskOf(string name, string lengths, string which, string tokens = ChosenTokens) =>
        new(name, $"Which tokens of the {which} count, instead of {lengths}.",
            [new($"N {tokens}", InputKind.Flag) { Needs = tokens }])
        {
            Optional = true,
            OneOf = lengths,
        };

    private static Input PolicyChosen(Domain domain) => Policy(
        "policy_chosen_logps", "the chosen answer", domain, Preferences.ChosenLengths, Preferences.ChosenMask);

    private static Input PolicyRejected(Domain domain) => new(
        "policy_rejected_logps", "Log-probability of the rejected answer under the policy: the sum over its tokens, or token by token.",
        [new("N"), new($"N {RejectedTokens}") { Introduces = RejectedTokens }])
    {
        Gradient = GradientRule.Default,
        Domain = domain,
        CountedBy = Preferences.RejectedLengths,
        MaskedBy = Preferences.RejectedMask,
    };
}
