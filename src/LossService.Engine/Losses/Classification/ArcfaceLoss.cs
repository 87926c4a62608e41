using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct ArcfaceLoss(double scale, double cosine, double sine, double fallback)
    : IScoreRowLoss<ArcfaceLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 0.5, "What is added to the angle of the right class, in radians.", min: 0, max: 1.5);

    public static LossCard Card { get; } = new()
    {
        Name = "arcface_loss",
        Family = "classification",
        Aliases = ["additive_angular_margin_loss"],
        Summary = "Sharpens a softmax over cosines by a margin on the right one's angle.",
        Formula = @"-\log\frac{e^{s\cos(\theta_y+m)}}{e^{s\cos(\theta_y+m)}+\sum_{j\ne y}e^{s c_j}},\qquad c=\cos\theta",
        References =
        [
            new("Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019", "https://arxiv.org/abs/1801.07698"),
            new("pytorch-metric-learning, ArcFaceLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#arcfaceloss"),
        ],
        Inputs = AngularMargin.Inputs,
        Items = "N | ",
        Parameters = [AngularMargin.Scale, Margin],
        HasHessian = false,
        Edges =
        [
            "Where the angle and the margin together exceed half a turn, the cosine less m sin m goes on falling instead.",
            "At a cosine of 1 or -1 the angle has no slope: the label's gradient is 0 there, never infinite.",
            .. AngularMargin.Edges,
        ],
        Presets = [new("pml", ("scale", "64"), ("margin", "0.4991641660703782"))],
        Examples =
        [
            new("simple", "Two faces among three people.",
                """{"cosines":[[0.7,0.1,-0.2],[0.2,0.5,0.4]],"targets":[0,1]}"""),
            new("embeddings", "The same from vectors, with the gradients of both.",
                """{"embeddings":[[1,0.2],[0.5,0.9]],"class_centers":[[2,0.1],[0,1],[-1,0.5]],"targets":[0,1],"scale":8}"""),
        ],
    };

    public static string Vectors => AngularMargin.EmbeddingsName;

    public int? IgnoreIndex => null;

    public static ArcfaceLoss Configure(Settings settings)
    {
        double margin = settings[Margin];
        double sine = Angles.Sine(margin);
        return new(settings[AngularMargin.Scale], Angles.Cosine(margin), sine, margin * sine);
    }

    public double Row(in ScoreRow row)
    {
        double c = row.Scores[row.Label];
        double s = Math.Sqrt((1 - c) * (1 + c));

        // θ ≤ π - m is cos θ ≥ -cos m.
        if (c < -cosine)
        {
            return AngularMargin.CrossEntropy(row, scale, c - fallback, slope: 1);
        }

        double slope = s == 0 ? 0 : ((s * cosine) + (c * sine)) / s;
        return AngularMargin.CrossEntropy(row, scale, (c * cosine) - (s * sine), slope);
    }
}
