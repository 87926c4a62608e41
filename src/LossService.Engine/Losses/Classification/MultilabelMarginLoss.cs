using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Classification;

internal readonly struct MultilabelMarginLoss(double tie) : IScoreRowLoss<MultilabelMarginLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "multilabel_margin_loss",
        Family = "classification",
        Summary = "Wants every right class's score above every wrong one, by 1.",
        Formula = @"\frac1C\sum_{t\in T}\sum_{i\notin T}\max(0,\,1-z_t+z_i)",
        References = [new("PyTorch, torch.nn.MultiLabelMarginLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html")],
        Inputs =
        [
            new("logits", "N C | C", "Scores z; classes on the second axis, or alone.") { Gradient = GradientRule.Default },
            new("targets", "The right classes of each row, as many as there are; the first -1 ends them.",
                [ClassInputs.PaddedLabels("N C"), ClassInputs.PaddedLabels("C")]),
        ],
        Items = "N | ",
        Edges =
        [
            "What follows the first -1 is not read. A class named twice counts twice, as in PyTorch.",
            "A violation of exactly 0 has slope 0, as in PyTorch, and with tie \"half\" half of the slope above it.",
            "A row without right classes costs 0.",
        ],
        Presets = [new("pytorch", ("empty", "nan"))],
        Examples =
        [
            new("simple", "One row with the right classes 3 and 0, as in PyTorch's documentation.",
                """{"logits":[[0.1,0.2,0.4,0.8]],"targets":[[3,0,-1,1]]}"""),
        ],
    };

    public int? IgnoreIndex => null;

    public static MultilabelMarginLoss Configure(Settings settings) => new(ClassInputs.TieOf(settings));

    // Every right class meets all others.
    public static double MoreSteps(LossRequest request)
    {
        const double OfPair = 0.12;
        Solution solution = request.Solution!;
        int classes = solution.Length("C");
        ReadOnlySpan<int> labels = request.LabelTensor(request.Card.PlaceOfInput("targets"))!.Label;
        double pairs = 0;
        for (int start = 0; start < labels.Length; start += classes)
        {
            int end = labels.Slice(start, classes).IndexOf(-1);
            pairs += (double)classes * (end < 0 ? classes : end);
        }

        return OfPair * pairs;
    }

    public double Row(in ScoreRow row)
    {
        ReadOnlySpan<double> z = row.Scores;
        int end = row.Labels.IndexOf(-1);
        ReadOnlySpan<int> right = end < 0 ? row.Labels : row.Labels[..end];
        Span<double> isRight = row.Room[..z.Length];
        isRight.Clear();
        foreach (int t in right)
        {
            isRight[t] = 1;
        }

        double share = 1.0 / z.Length;
        double sum = 0;
        var pace = new Pace(row.Workshop);
        foreach (int t in right)
        {
            pace.Count(z.Length);
            for (int i = 0; i < z.Length; i++)
            {
                double violation = 1 - z[t] + z[i];
                if (isRight[i] != 0 || violation < 0)
                {
                    continue; // a NaN goes on
                }

                if (violation == 0)
                {
                    row.TellTie();
                }

                double slope = violation == 0 ? share * tie : double.IsNaN(violation) ? violation : share;
                sum += violation;
                row.Slopes[i] += slope;
                row.Slopes[t] -= slope;
            }
        }

        return share * sum;
    }
}
