using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct GeneralizedCrossEntropy(double q, int ignoreIndex) : ISoftmaxRowLoss<GeneralizedCrossEntropy>
{
    private static readonly Parameter Q = Parameter.Number(
        "q", 0.7, "From cross-entropy (towards 0) to the mean absolute error (1), which bears noisy labels.",
        min: 0, max: 1, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "generalized_cross_entropy",
        Family = "classification",
        Aliases = ["gce", "gce_loss", "categorical_generalized_cross_entropy"],
        Summary = "Bears wrong labels: a bounded loss between cross-entropy and absolute error.",
        Formula = @"w_y\,\frac{1-p_y^{\,q}}{q},\qquad p=\mathrm{softmax}(z)",
        References =
        [
            new("Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, 2018", "https://arxiv.org/abs/1805.07836"),
            new("Keras, CategoricalGeneralizedCrossEntropy", "https://keras.io/api/losses/probabilistic_losses/"),
        ],
        Inputs = ClassInputs.Labelled,
        Items = "N *D | ",
        Parameters = [Q, ClassInputs.IgnoreIndex],
        Edges = ["A label at -Infinity costs 1/q, with gradient 0: the loss is bounded."],
        Presets = [new("keras", ("q", "0.5"))],
        Examples =
        [
            new("simple", "Two rows of three classes and their labels.",
                """{"logits":[[2.0,1.0,0.1],[0.5,2.5,-1.0]],"targets":[0,1]}"""),
        ],
    };

    public static bool TakesLogProbabilities => false;

    public static bool NormalizesTarget => false;

    public static bool IsBent => true;

    public double LabelSmoothing => 0;

    public int? IgnoreIndex => ignoreIndex;

    public static GeneralizedCrossEntropy Configure(Settings settings) =>
        new(settings[Q], (int)settings[ClassInputs.IgnoreIndex]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowAnswer<V> Row<V>(RowStatistics<V> row) where V : struct, ILane<V>
    {
        LabelledRow<V> label = LabelledRow<V>.Of(row);
        V power = -q * label.Surprisal; // q log p_y, and so p_y^q without a power
        return label.Answer((-1 / q) * V.Expm1(power), V.Exp(power));
    }
}
