using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Sequence;

internal readonly struct CtcLoss(AlignmentSetup setup) : IAlignmentLoss<CtcLoss>
{
    private static readonly Parameter Blank = Parameter.Integer(
        "blank", 0, "The class that stands for no label.", min: 0, below: "C");

    private static readonly Parameter ZeroInfinity = Parameter.Flag(
        "zero_infinity", false, "Makes a sequence that no alignment fits cost 0, with gradient 0.");

    private static readonly Parameter ThroughLogSoftmax = Parameter.Flag(
        "through_log_softmax", false,
        "Gives log_probabilities the gradient of the logits that they are the log-softmax of, as PyTorch does.");

    private static readonly Parameter LengthNormalization = Parameter.Choice(
        "length_normalization", ["mean", "always", "never"],
        "Whether a sequence's loss is divided by its number of labels: in a mean only, as in PyTorch, always or never.");

    public static LossCard Card { get; } = new()
    {
        Name = "ctc_loss",
        Family = "sequence",
        Aliases = ["ctc", "connectionist_temporal_classification"],
        Summary = "Maximises the probability of a label sequence over all its alignments.",
        Formula = @"-\log\sum_{\pi\in\mathcal{B}^{-1}(y)}\prod_t p_t(\pi_t)",
        References =
        [
            new("Graves et al., Connectionist Temporal Classification, 2006", "https://doi.org/10.1145/1143844.1143891"),
            new("PyTorch, torch.nn.CTCLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html"),
        ],
        Inputs =
        [
            new("log_probabilities", "T N C | T C", "Log-probabilities: steps, sequences, classes.")
            {
                OneOf = "scores",
                Gradient = GradientRule.Default,
            },
            new("logits", "T N C | T C", "Scores, of which the softmax is taken here.")
            {
                OneOf = "scores",
                Gradient = GradientRule.Default,
            },
            new("targets", "Labels without blanks: a row a sequence, padded; or all of them one behind the other.",
                [
                    Labels("N S"),
                    Labels("S") with { Packed = true },
                    Labels("S"),
                ]) { CountedBy = "target_lengths" },
            new("input_lengths", "How many steps of each sequence count; all when absent.",
                [Lengths("N", "T"), Lengths("", "T")]) { Optional = true },
            new("target_lengths", "How many labels each sequence has; all of a row when absent.",
                [Lengths("N", "S"), Lengths("", "S")]) { Optional = true },
        ],
        Items = "N | ",
        Parameters = [Blank, ZeroInfinity, ThroughLogSoftmax, LengthNormalization],
        LengthNormalization = LengthNormalization,
        HasHessian = false,
        Cost = Cost.Quadratic,
        AxisMax = new("T", 4096),
        Edges =
        [
            "An alignment needs a step for each label and one between equal labels; without any, a sequence costs +Infinity with gradient 0, and a note says so.",
            "The gradient of log_probabilities is their true derivative, minus the occupancy; PyTorch's is p minus it, that of logits behind a log-softmax, and NaN where the loss is infinite: preset \"pytorch\".",
            "A mean divides each sequence by its number of labels, at least 1, then by the sequences; Keras and Optax divide by the sequences only.",
            "losses are what they are for reduction none, also beside a mean: they are divided by their labels where length_normalization is always, not where a mean alone divides them.",
            "A sequence of no labels costs what its blanks do; one of neither steps nor labels costs 0.",
            "Steps and labels beyond a sequence's lengths are not looked at and have gradient 0.",
        ],
        Presets =
        [
            new("pytorch", ("through_log_softmax", "true"), ("empty", "nan")),
            new("keras", ("length_normalization", "never")),
            new("optax", ("length_normalization", "never"), ("reduction", "none")),
        ],
        Examples =
        [
            new("simple", "Two labels read from three steps, by their logits.",
                """{"logits":[[[0.1,1.2,-0.3]],[[0.9,0.2,0.4]],[[-0.5,0.3,1.1]]],"targets":[[1,2]]}"""),
            new("pytorch", "Two sequences of different lengths, as torch.nn.functional.ctc_loss takes them.",
                """{"log_probabilities":[[[-1.1,-1.1,-1.1],[-0.7,-1.2,-1.6]],[[-1.1,-1.1,-1.1],[-1.6,-0.4,-2.3]]],"targets":[1,2,1],"input_lengths":[2,2],"target_lengths":[2,1],"preset":"pytorch"}"""),
        ],
    };

    public AlignmentSetup Setup => setup;

    public static CtcLoss Configure(Settings settings) => new(new(
        (int)settings[Blank],
        settings.IsOn(ZeroInfinity),
        settings.IsOn(ThroughLogSoftmax),
        settings.Word(LengthNormalization) == "always",
        settings.Word(LengthNormalization) == "mean" && settings.IsMean));

    private static InputForm Labels(string axes) => new(axes, InputKind.Label)
    {
        Classes = "C",
        Introduces = "S",
        Except = Blank,
    };

    private static InputForm Lengths(string axes, string counted) => new(axes, InputKind.Length) { Classes = counted };
}
