using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Ranking;

internal readonly struct MarginRankingLoss(double margin, double tie)
    : ITernaryLoss<MarginRankingLoss>, ICorner<MarginRankingLoss>
{
    private readonly double _margin = margin;

    private static readonly Parameter Margin = Parameter.Number("margin", 0, "By how much the better score must lead.");

    public static LossCard Card { get; } = new()
    {
        Name = "margin_ranking_loss",
        Family = "ranking",
        Summary = "Wants one score above another, by a margin.",
        Formula = @"\max(0,\ -y\,(x_1-x_2)+m)",
        References = [new("PyTorch, torch.nn.MarginRankingLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html")],
        Inputs =
        [
            new("input1", "*S", "Scores x1 (scores, not vectors: no distance is taken); any shape.") { Gradient = GradientRule.Default },
            new("input2", "*S", "Scores x2; the shape of input1.") { Gradient = GradientRule.Default },
            new("targets", "*S", "1 where x1 should be higher, -1 where x2 should.") { Domain = Domain.Sign },
        ],
        Items = "*S",
        Parameters = [Margin],
        Edges = ["At the corner the slope is 0; PyTorch's is 1: tie \"pytorch\"."],
        Presets = [new("pytorch", ("empty", "nan"), ("tie", "pytorch"))],
        Examples = [new("simple", "A right and a wrong order.", """{"input1":[0.8,0.1],"input2":[0.3,0.6],"targets":[1,1],"margin":0.1}""")],
    };

    public static MarginRankingLoss Configure(Settings settings) => new(settings[Margin], settings.Tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y, V z) where V : struct, ILane<V> => V.Hinge(Corner(this, x, y, z), tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Corner<V>(MarginRankingLoss loss, V x, V y, V z) where V : struct, ILane<V> =>
        loss._margin - V.Select(z > 0, x - y, y - x);
}
