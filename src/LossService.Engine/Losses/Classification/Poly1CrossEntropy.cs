using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct Poly1CrossEntropy(double epsilon, int ignoreIndex) : ISoftmaxRowLoss<Poly1CrossEntropy>
{
    private static readonly Parameter Epsilon = Parameter.Number(
        "epsilon", 1, "What is added to the coefficient of the first power of 1 - p_y; 0 is cross-entropy.", min: -1);

    public static LossCard Card { get; } = new()
    {
        Name = "poly1_cross_entropy",
        Family = "classification",
        Aliases = ["poly_loss_cross_entropy", "poly1_loss", "poly_loss"],
        Summary = "Raises the first power of the missing probability in cross-entropy's series.",
        Formula = @"w_y\,[\,-\log p_y+\varepsilon\,(1-p_y)\,],\qquad p=\mathrm{softmax}(z)",
        References =
        [
            new("Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022", "https://arxiv.org/abs/2204.12511"),
            new("optax, poly_loss_cross_entropy", "https://optax.readthedocs.io/en/latest/api/losses.html"),
        ],
        Inputs = ClassInputs.Labelled,
        Items = "N *D | ",
        Parameters = [Epsilon, ClassInputs.IgnoreIndex],
        Edges = ["An infinite score takes its limit, as in cross-entropy."],
        Presets = [new("optax", ("epsilon", "2"), ("reduction", "none"))],
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

    public static Poly1CrossEntropy Configure(Settings settings) =>
        new(settings[Epsilon], (int)settings[ClassInputs.IgnoreIndex]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowAnswer<V> Row<V>(RowStatistics<V> row) where V : struct, ILane<V>
    {
        LabelledRow<V> label = LabelledRow<V>.Of(row);
        V slope = 1.0 + (epsilon * label.Probability); // of the item on -log p_y
        return label.Answer(label.Surprisal + (epsilon * label.Miss), slope);
    }
}
