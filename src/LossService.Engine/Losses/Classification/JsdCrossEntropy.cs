using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct JsdCrossEntropy(double alpha, double smoothing, double least) : IScoreRowLoss<JsdCrossEntropy>
{
    private static readonly Parameter Splits = Parameter.Integer(
        "num_splits", 3, "How many views of each sample stand one behind the other in logits (k N, C); (k, N, C) says it itself.",
        min: 2, max: 64);

    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 12, "The weight of the divergence beside the cross-entropy of the first view.", min: 0);

    private static readonly Parameter LabelSmoothing = Parameter.Number(
        "label_smoothing", 0.1, "The share of the label that all classes get alike.", min: 0, max: 1);

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-7, "A class of which the mixture has less counts as this in its logarithm.", min: 0, max: 1);

    public static LossCard Card { get; } = new()
    {
        Name = "jsd_cross_entropy",
        Family = "classification",
        Aliases = ["jsd_loss", "augmix_loss"],
        Summary = "Learns from the clean view and wants all views of a sample to agree (AugMix).",
        Formula = @"CE(z_1,y)+\frac{\alpha}{k}\sum_{i=1}^{k}D_{KL}(p_i\,\|\,m),\qquad m=\frac{1}{k}\sum_i p_i",
        References =
        [
            new("Hendrycks et al., AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty, 2020", "https://arxiv.org/abs/1912.02781"),
            new("timm, JsdCrossEntropy", "https://github.com/huggingface/pytorch-image-models"),
        ],
        Inputs =
        [
            new("logits", "Scores of k views of N samples, the clean view first: (k, N, C), or the views one behind the other, (k N, C).",
                [new("K N C"), new("B C") { Parts = Splits }]) { Gradient = GradientRule.Default },
            new("targets", "Class indices of the N samples.", [ClassInputs.LabelsOf("N")]),
        ],
        Items = "N",
        Parameters = [Splits, Alpha, LabelSmoothing, Eps],
        HasHessian = false,
        Edges =
        [
            "Only the clean view meets the label; timm takes the labels of all views and looks at the first N.",
            "The mixture is clamped inside the logarithm alone: where it is below eps, nothing is differentiated through it.",
        ],
        Examples =
        [
            new("simple", "Two samples in three views, one behind the other.",
                """{"logits":[[2.0,0.5,0.1],[0.2,1.5,0.3],[1.8,0.7,0.1],[0.4,1.1,0.2],[1.2,0.9,0.4],[0.1,1.9,0.5]],"targets":[0,1]}"""),
            new("views", "The same sample in two views, on an axis of their own.",
                """{"logits":[[[2.0,0.5,0.1]],[[1.8,0.7,0.1]]],"targets":[0],"label_smoothing":0}"""),
        ],
    };

    public int? IgnoreIndex => null;

    public static JsdCrossEntropy Configure(Settings settings) => new(
        settings[Alpha], settings[LabelSmoothing], settings[Eps]);

    public double Row(in ScoreRow row)
    {
        int classes = row.Scores.Length / row.Views;
        double loss = 0;
        for (int view = 0; view < row.Views; view++)
        {
            int start = view * classes;
            var p = new RowOfProbabilities(row.Scores.Slice(start, classes), row.MoreRoom[..classes]);
            if (!p.Exists)
            {
                return row.Undefined();
            }

            // Until the mixture is known, probabilities wait in the room, and -log p where their slopes will stand.
            for (int c = 0; c < classes; c++)
            {
                row.Room[start + c] = p[c];
                row.Slopes[start + c] = p.SurprisalOf(c);
            }

            loss += view == 0 ? CrossEntropy(row, p, classes) : 0;
        }

        double divergence = Divergence(row, classes);
        for (int view = 0; view < row.Views; view++)
        {
            int start = view * classes;
            ThroughSoftmax(row.Room.Slice(start, classes), row.Slopes.Slice(start, classes), alpha / row.Views);
        }

        for (int c = 0; c < classes; c++)
        {
            row.Slopes[c] += row.Curves[c];
        }

        row.Curves.Clear();
        return alpha == 0 ? loss : loss + (alpha / row.Views * divergence);
    }

    // Its slopes wait where the curves of other losses stand.
    private double CrossEntropy(in ScoreRow row, in RowOfProbabilities p, int classes)
    {
        double share = smoothing / classes;
        double loss = 0;
        for (int c = 0; c < classes; c++)
        {
            double target = share + (c == row.Label ? 1 - smoothing : 0);
            loss += target == 0 ? 0 : target * p.SurprisalOf(c);
            row.Curves[c] = c == row.Label ? smoothing - share - p.MissOf(c) : p[c] - share;
        }

        return loss;
    }

    // Class by class over all views; -log p gives way to the slope on p.
    private double Divergence(in ScoreRow row, int classes)
    {
        double sum = 0;
        for (int c = 0; c < classes; c++)
        {
            double mixture = 0;
            for (int view = 0; view < row.Views; view++)
            {
                mixture += row.Room[(view * classes) + c];
            }

            mixture /= row.Views;
            double log = ScalarLane.Log(Math.Max(mixture, least)).Value;
            for (int view = 0; view < row.Views; view++)
            {
                int place = (view * classes) + c;
                double p = row.Room[place];
                double gap = p == 0 ? 0 : -row.Slopes[place] - log; // log(p / m)
                sum += p * gap;
                row.Slopes[place] = gap + (mixture < least ? 1 : 0);
            }
        }

        return sum;
    }

    // p (g - Σ p g), in differences to the likeliest class's g, whose own p may be 1 but for what the others have.
    private static void ThroughSoftmax(ReadOnlySpan<double> p, Span<double> slopes, double factor)
    {
        int top = 0;
        for (int c = 1; c < p.Length; c++)
        {
            top = p[c] > p[top] ? c : top;
        }

        double anchor = slopes[top];
        double mean = 0;
        for (int c = 0; c < p.Length; c++)
        {
            slopes[c] -= anchor;
            mean += p[c] * slopes[c];
        }

        for (int c = 0; c < p.Length; c++)
        {
            slopes[c] = factor * (p[c] * (slopes[c] - mean));
        }
    }
}
