using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct NllLoss(int ignoreIndex) : ISoftmaxRowLoss<NllLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "nll_loss",
        Family = "classification",
        Aliases = ["nll", "negative_log_likelihood"],
        Summary = "Takes the log-probability of the right class, negated.",
        Formula = @"-w_y\,\log p_y",
        References = [new("PyTorch, torch.nn.NLLLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html")],
        Inputs =
        [
            new("log_probabilities", "N C *D | C", "Log-probabilities; classes on the second axis, or alone.")
            {
                Gradient = GradientRule.Default,
            },
            new("targets", "Class indices, one axis fewer than the log-probabilities.",
                [ClassInputs.LabelsOf("N *D"), ClassInputs.LabelsOf("")]),
            ClassInputs.Weight,
        ],
        Items = "N *D | ",
        Parameters = [ClassInputs.IgnoreIndex],
        MeanDividesByWeights = true,
        Edges = ["The log-probabilities are taken as they are: nothing checks that they belong to a distribution."],
        Presets = [new("pytorch", ("empty", "nan"))],
        Examples =
        [
            new("simple", "One sample of two classes.", """{"log_probabilities":[[-0.2231435513,-1.6094379124]],"targets":[0]}"""),
        ],
    };

    public static bool TakesLogProbabilities => true;

    public static bool NormalizesTarget => false;

    public double LabelSmoothing => 0;

    public int? IgnoreIndex => ignoreIndex;

    public static NllLoss Configure(Settings settings) => new((int)settings[ClassInputs.IgnoreIndex]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowAnswer<V> Row<V>(RowStatistics<V> row) where V : struct, ILane<V> => new(row.Cross, row.Mass, 1, 0);
}
