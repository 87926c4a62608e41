using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Classification;

internal readonly struct CategoricalHinge(double margin, double tie) : IScoreRowLoss<CategoricalHinge>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How far the right class's score should lie above the best other one; 0 is the perceptron's.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "categorical_hinge",
        Family = "classification",
        Aliases = ["multiclass_hinge_loss", "crammer_singer_loss"],
        Summary = "Wants the right class's score above the best other one, by a margin.",
        Formula = @"\max(0,\ m+\max_{i\ne y}z_i-z_y)",
        References =
        [
            new("Crammer and Singer, On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines, 2001", "https://jmlr.org/papers/v2/crammer01a.html"),
            new("Keras, CategoricalHinge", "https://keras.io/api/losses/hinge_losses/"),
            new("optax, multiclass_hinge_loss", "https://optax.readthedocs.io/en/latest/api/losses.html"),
        ],
        Inputs =
        [
            new("logits", "N C *D | C", "Scores z; classes on the second axis, or alone.") { Gradient = GradientRule.Default },
            new("targets", "Class indices, one axis fewer than the logits.",
                [ClassInputs.LabelsOf("N *D"), ClassInputs.LabelsOf("")]),
        ],
        Items = "N *D | ",
        Parameters = [Margin, ClassInputs.IgnoreIndex],
        Edges =
        [
            "Among equal best scores the first takes the whole slope; at the corner itself the member tie decides.",
            "Keras takes 0 for the right class's own place in the maximum, which is wrong where all other scores are negative; here it takes no part.",
            "A single class costs nothing.",
        ],
        Presets = [new("optax", ("reduction", "none"))],
        Examples =
        [
            new("simple", "Two rows of three classes and their labels.",
                """{"logits":[[2.0,1.5,0.1],[0.5,2.5,-1.0]],"targets":[0,1]}"""),
        ],
    };

    public int? IgnoreIndex { get; init; }

    public static CategoricalHinge Configure(Settings settings) =>
        new(settings[Margin], settings.Tie) { IgnoreIndex = (int)settings[ClassInputs.IgnoreIndex] };

    public double Row(in ScoreRow row)
    {
        ReadOnlySpan<double> z = row.Scores;
        int y = row.Label;
        int best = -1;
        for (int i = 0; i < z.Length; i++)
        {
            if (i != y && (best < 0 || z[i] > z[best] || double.IsNaN(z[i])))
            {
                best = i;
            }
        }

        double violation = best < 0 ? double.NegativeInfinity : margin + z[best] - z[y];
        if (double.IsNaN(violation))
        {
            return row.Undefined();
        }

        double slope = violation > 0 ? 1 : 0;
        if (violation == 0)
        {
            slope = tie;
            row.TellTie();
        }

        if (slope != 0)
        {
            row.Slopes[best] = slope;
            row.Slopes[y] = -slope;
        }

        return violation > 0 ? violation : 0;
    }
}
