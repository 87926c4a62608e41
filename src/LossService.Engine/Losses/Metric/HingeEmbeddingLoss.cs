using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct HingeEmbeddingLoss(double margin, double tie) : IBinaryLoss<HingeEmbeddingLoss>, ICorner<HingeEmbeddingLoss>
{
    private readonly double _margin = margin;

    private static readonly Parameter Margin = Parameter.Number("margin", 1, "How far apart different things must be.");

    public static LossCard Card { get; } = new()
    {
        Name = "hinge_embedding_loss",
        Family = "metric",
        Summary = "Keeps distances small between like things and above a margin between others.",
        Formula = @"x\ \text{ if } y=1,\quad \max(0,\ m-x)\ \text{ if } y=-1",
        References = [new("PyTorch, torch.nn.HingeEmbeddingLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html")],
        Inputs =
        [
            new("distances", "*S", "Distances x, computed by the caller; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "1 for like, -1 for unlike.") { Domain = Domain.Sign },
        ],
        Items = "*S",
        Parameters = [Margin],
        Edges = ["At x = m the slope is 0; PyTorch's is that of the hinge: tie \"pytorch\"."],
        Presets = [new("pytorch", ("empty", "nan"), ("tie", "pytorch"))],
        Examples = [new("simple", "A like and an unlike pair.", """{"distances":[0.3,0.4],"targets":[1,-1]}""")],
    };

    public static HingeEmbeddingLoss Configure(Settings settings) => new(settings[Margin], settings.Tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V> => V.Select(y > 0, x, V.Hinge(_margin - x, tie));

    // A like pair has no corner.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Corner<V>(HingeEmbeddingLoss loss, V x, V y, V z) where V : struct, ILane<V> => V.Select(y > 0, 1, loss._margin - x);
}
