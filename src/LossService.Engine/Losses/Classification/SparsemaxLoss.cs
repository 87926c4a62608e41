using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Classification;

internal readonly struct SparsemaxLoss(int ignoreIndex) : IScoreRowLoss<SparsemaxLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "sparsemax_loss",
        Family = "classification",
        Summary = "Wants the right class ahead by a margin of 1: the cross-entropy of sparsemax.",
        Formula = @"-z_y+\tfrac12\sum_{j\in S}(z_j^2-\tau^2)+\tfrac12,\qquad \mathrm{sparsemax}(z)_j=\max(0,z_j-\tau)",
        References =
        [
            new("Martins and Astudillo, From Softmax to Sparsemax, 2016", "https://arxiv.org/abs/1602.02068"),
            new("TensorFlow Addons, sparsemax_loss", "https://www.tensorflow.org/addons/api_docs/python/tfa/losses/sparsemax_loss"),
        ],
        Inputs =
        [
            new("logits", "N C *D | C", "Scores z; classes on the second axis, or alone.") { Gradient = GradientRule.Default },
            new("targets", "Class indices, one axis fewer than the logits.",
                [ClassInputs.LabelsOf("N *D"), ClassInputs.LabelsOf("")]),
        ],
        Items = "N *D | ",
        Parameters = [ClassInputs.IgnoreIndex],
        Cost = Cost.Sorting,
        CostFactor = 0.3,
        Edges = ["Exactly 0, with gradient 0, once the right score leads all others by 1."],
        Presets = [new("optax", ("reduction", "none"))],
        Examples =
        [
            new("simple", "Two rows of three classes and their labels; the second is won by more than 1.",
                """{"logits":[[1.0,0.8,0.1],[0.5,2.5,-1.0]],"targets":[0,1]}"""),
        ],
    };

    public int? IgnoreIndex => ignoreIndex;

    public static SparsemaxLoss Configure(Settings settings) => new((int)settings[ClassInputs.IgnoreIndex]);

    public double Row(in ScoreRow row)
    {
        Span<double> sorted = row.Room;
        row.Scores.CopyTo(sorted);
        LongSort.Run(sorted, row.MoreRoom, row.Workshop);
        double top = sorted[^1];
        if (!double.IsFinite(top) || double.IsNaN(sorted[0]))
        {
            return row.Undefined();
        }

        // All from the largest score on, which changes nothing and keeps the squares small.
        double sum = 0;
        double threshold = -1;
        int support = 0;
        for (int k = 1; k <= sorted.Length; k++)
        {
            double score = sorted[^k] - top;
            if (1 + (k * score) <= sum + score)
            {
                break;
            }

            sum += score;
            support = k;
            threshold = (sum - 1) / k;
        }

        double loss = top - row.Scores[row.Label] + 0.5;
        for (int c = 0; c < row.Scores.Length; c++)
        {
            double share = row.Scores[c] - top - threshold;
            if (share > 0)
            {
                loss += 0.5 * share * (share + (2 * threshold)); // (z² - τ²) / 2
                row.Slopes[c] = share;
                row.Curves[c] = 1 - (1.0 / support);
            }
        }

        row.Slopes[row.Label] -= 1;
        return loss;
    }
}
