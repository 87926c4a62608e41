using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Classification;

internal readonly struct MultiMarginLoss(bool squared, double margin, double tie)
    : IScoreRowLoss<MultiMarginLoss>
{
    private static readonly Parameter Power = Parameter.Choice(
        "p", ["1", "2"], "The power of every violation: 1 or 2.");

    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How far the right class's score should lie above every other.");

    public static LossCard Card { get; } = new()
    {
        Name = "multi_margin_loss",
        Family = "classification",
        Aliases = ["multi_class_hinge_loss"],
        Summary = "Wants the right class's score above every other, by a margin.",
        Formula = @"\frac{w_y}{C}\sum_{i\ne y}\max(0,\,m-z_y+z_i)^p",
        References =
        [
            new("PyTorch, torch.nn.MultiMarginLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html"),
            new("Weston and Watkins, Support Vector Machines for Multi-Class Pattern Recognition, 1999", "https://www.esann.org/sites/default/files/proceedings/legacy/es1999-461.pdf"),
        ],
        Inputs =
        [
            new("logits", "N C | C", "Scores z; classes on the second axis, or alone.") { Gradient = GradientRule.Default },
            new("targets", "Class indices.", [ClassInputs.LabelsOf("N"), ClassInputs.LabelsOf("")]),
            ClassInputs.Weight,
        ],
        Items = "N | ",
        Parameters = [Power, Margin],
        Edges =
        [
            "The weight stands outside the power, and a mean divides by the number of rows; weight_normalization \"sum_weights\" divides by the weights.",
            "A violation of exactly 0 has slope 0, as in PyTorch, and with tie \"half\" half of the slope above it.",
        ],
        Presets = [new("pytorch", ("empty", "nan"))],
        Examples =
        [
            new("simple", "One row of four scores, as in PyTorch's documentation.",
                """{"logits":[[0.1,0.2,0.4,0.8]],"targets":[3]}"""),
        ],
    };

    public int? IgnoreIndex => null;

    public static MultiMarginLoss Configure(Settings settings) =>
        new(settings.Word(Power) == "2", settings[Margin], ClassInputs.TieOf(settings));

    public double Row(in ScoreRow row)
    {
        ReadOnlySpan<double> z = row.Scores;
        int y = row.Label;
        double share = row.WeightOf(y) / z.Length;
        double sum = 0;
        for (int i = 0; i < z.Length; i++)
        {
            double violation = margin - z[y] + z[i];
            if (i == y || violation < 0 || (squared && violation == 0))
            {
                continue; // a NaN goes on
            }

            if (violation == 0)
            {
                row.TellTie();
            }

            sum += squared ? violation * violation : violation;
            double slope = share * (squared ? 2 * violation
                : violation == 0 ? tie : double.IsNaN(violation) ? violation : 1);
            row.Slopes[i] = slope;
            row.Slopes[y] -= slope;
            double curve = squared ? 2 * share : 0;
            row.Curves[i] = curve;
            row.Curves[y] += curve;
        }

        return share * sum;
    }
}
