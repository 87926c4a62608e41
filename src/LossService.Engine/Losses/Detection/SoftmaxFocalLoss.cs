using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Losses.Classification;

namespace LossService.Engine.Losses.Detection;

internal readonly struct SoftmaxFocalLoss(double alpha, double gamma, int ignoreIndex)
    : ISoftmaxRowLoss<SoftmaxFocalLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", double.NaN, "Multiplies every class alike; weights of single classes go into weight. Null or -1 for none.",
        min: 0, nullAlias: -1);

    private static readonly Parameter Gamma = Parameter.Number(
        "gamma", 2, "How fast rows fade that are classified well; 0 is cross-entropy.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "softmax_focal_loss",
        Family = "detection",
        Aliases = ["categorical_focal_crossentropy", "categorical_focal_loss", "multiclass_focal_loss"],
        Summary = "Fades softmax cross-entropy on rows that are classified well.",
        Formula = @"-\alpha\,w_y\,(1-p_y)^{\gamma}\log p_y,\qquad p=\mathrm{softmax}(z)",
        References =
        [
            new("Lin et al., Focal Loss for Dense Object Detection, 2017", "https://arxiv.org/abs/1708.02002"),
            new("Keras, CategoricalFocalCrossentropy", "https://keras.io/api/losses/probabilistic_losses/"),
        ],
        Inputs = ClassInputs.Labelled,
        Items = "N *D | ",
        Parameters = [Alpha, Gamma, ClassInputs.IgnoreIndex],
        Edges =
        [
            "1 - p_y is computed without cancellation, and no power of it below 1 is taken at 0: no NaN for gamma below 1.",
            "A mean divides by the rows; detectors divide by the positives: give their number as avg_factor.",
        ],
        Presets = [new("keras", ("alpha", "0.25"))],
        Examples =
        [
            new("simple", "Two rows of three classes and their labels.",
                """{"logits":[[2.0,1.0,0.1],[0.5,2.5,-1.0]],"targets":[0,1]}"""),
            new("weighted", "A weight per class, divided by the number of positives.",
                """{"logits":[[0.2,1.5,-0.3],[2.0,0.1,0.4]],"targets":[1,0],"weight":[0.25,1,1],"avg_factor":1}"""),
        ],
    };

    public static bool TakesLogProbabilities => false;

    public static bool NormalizesTarget => false;

    public static bool IsBent => true;

    public double LabelSmoothing => 0;

    public int? IgnoreIndex => ignoreIndex;

    public static SoftmaxFocalLoss Configure(Settings settings) => new(
        double.IsNaN(settings[Alpha]) ? 1 : settings[Alpha], settings[Gamma], (int)settings[ClassInputs.IgnoreIndex]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowAnswer<V> Row<V>(RowStatistics<V> row) where V : struct, ILane<V>
    {
        LabelledRow<V> label = LabelledRow<V>.Of(row);
        V fade = alpha * V.Pow(label.Miss, gamma);
        // d(m^γ c)/dc = m^γ (1 + γ p c / m), with c / m → 1 where both vanish: no power below γ is formed.
        V ratio = V.Select(V.Same(label.Miss, 0), 1, label.Surprisal / label.Miss);
        V slope = fade * (1.0 + (gamma * V.ZeroTimes(label.Probability, ratio)));
        return label.Answer(V.ZeroTimes(fade, label.Surprisal), slope);
    }
}
