using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Classification;

internal readonly struct CosfaceLoss(double scale, double margin) : IScoreRowLoss<CosfaceLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 0.35, "What is taken from the right class's cosine.");

    public static LossCard Card { get; } = new()
    {
        Name = "cosface_loss",
        Family = "classification",
        Aliases = ["large_margin_cosine_loss", "am_softmax_loss"],
        Summary = "Sharpens a softmax over cosines by a margin on the right one.",
        Formula = @"-\log\frac{e^{s(c_y-m)}}{e^{s(c_y-m)}+\sum_{j\ne y}e^{s c_j}}",
        References =
        [
            new("Wang et al., CosFace: Large Margin Cosine Loss for Deep Face Recognition, 2018", "https://arxiv.org/abs/1801.09414"),
            new("pytorch-metric-learning, CosFaceLoss", "https://kevinmusgrave.github.io/pytorch-metric-learning/losses/#cosfaceloss"),
        ],
        Inputs = AngularMargin.Inputs,
        Items = "N | ",
        Parameters = [AngularMargin.Scale, Margin],
        HasHessian = false,
        Edges = AngularMargin.Edges,
        Presets = [new("pml", ("scale", "64"), ("margin", "0.35"))],
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

    public static CosfaceLoss Configure(Settings settings) => new(settings[AngularMargin.Scale], settings[Margin]);

    public double Row(in ScoreRow row) =>
        AngularMargin.CrossEntropy(row, scale, row.Scores[row.Label] - margin, slope: 1);
}
