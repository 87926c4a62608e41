using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct CosineEmbeddingLoss(double margin, double tie) : IDistanceLoss<CosineEmbeddingLoss>
{
    // What PyTorch adds to each squared norm in this loss.
    private const double NormEps = 1e-12;

    private static readonly Parameter Margin = Parameter.Number(
        "margin", 0, "The cosine that unlike vectors may have.", min: -1, max: 1);

    public static LossCard Card { get; } = new()
    {
        Name = "cosine_embedding_loss",
        Family = "metric",
        Summary = "Aligns like vectors and keeps the angle of unlike ones open.",
        Formula = @"1-\cos(x_1,x_2)\ \text{ if } y=1,\quad \max(0,\ \cos(x_1,x_2)-m)\ \text{ if } y=-1",
        References = [new("PyTorch, torch.nn.CosineEmbeddingLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html")],
        Inputs =
        [
            new("input1", "N E | E", "First vectors, one a row.") { Gradient = GradientRule.Default },
            new("input2", "N E | E", "Second vectors.") { Gradient = GradientRule.Default },
            new("targets", "N | ", "1 for like, -1 for unlike pairs.") { Domain = Domain.Sign },
        ],
        Items = "N | ",
        Parameters = [Margin],
        HasHessian = false,
        Edges =
        [
            "1e-12 is added to each squared norm, as in PyTorch: a zero vector has cosine 0.",
            "On the corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets = [new("pytorch", ("tie", "pytorch"), ("empty", "nan"))],
        Examples = [new("simple", "A like pair at 45 degrees.", """{"input1":[[1.0,2.0]],"input2":[[3.0,1.0]],"targets":[1]}""")],
    };

    public static int Vectors => 2;

    public Distance Distance => new(DistanceKind.Cosine, 2, NormEps);

    public bool UsesThirdEdge => false;

    public static CosineEmbeddingLoss Configure(Settings settings) => new(settings[Margin], settings.Tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V first, V second, V third, V y) where V : struct, ILane<V> =>
        V.Select(y > 0, first, V.Hinge(1.0 - first - margin, tie));

    // A like pair has no corner.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Corner<V>(V first, V second, V third, V y) where V : struct, ILane<V> =>
        V.Select(y > 0, 1, 1.0 - first - margin);
}
