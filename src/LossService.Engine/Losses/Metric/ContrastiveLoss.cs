using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct ContrastiveLoss(
    Distance distance, double margin, double positiveMargin, double power, double half, double positive, double tie)
    : IDistanceLoss<ContrastiveLoss>
{
    private static readonly Parameter Margin = Parameter.Number("margin", 1, "How far apart unlike things must be.");

    private static readonly Parameter PosMargin = Parameter.Number("pos_margin", 0, "How far apart like things may be.");

    private static readonly Parameter Power = Parameter.Integer(
        "power", 1, "1: linear in the distance; 2: squared, as Hadsell et al. have it.", min: 1, max: 2);

    private static readonly Parameter Half = Parameter.Flag("half", false, "Halves the loss, as Caffe and Hadsell et al. do.");

    private static readonly Parameter PositiveLabel = Parameter.Integer(
        "positive_label", 1, "The label of like pairs: 1, or 0 as in Hadsell et al.", min: 0, max: 1);

    public static LossCard Card { get; } = new()
    {
        Name = "contrastive_loss",
        Family = "metric",
        Aliases = ["siamese_loss", "pairwise_ranking_loss"],
        Summary = "Pulls like pairs together and pushes unlike pairs apart, up to a margin.",
        Formula = @"y\,(d-m_+)_+^k+(1-y)\,(m-d)_+^k,\qquad d=\lVert a-b\rVert",
        References =
        [
            new("Hadsell, Chopra and LeCun, Dimensionality Reduction by Learning an Invariant Mapping, 2006", "https://doi.org/10.1109/CVPR.2006.100"),
            new("Gomez, Understanding Ranking Loss, Contrastive Loss, Margin Loss, Triplet Loss, 2019", "https://gombru.github.io/2019/04/03/ranking_loss/"),
        ],
        Inputs =
        [
            new("input1", "N E | E", "First vectors, one a row.") { Gradient = GradientRule.Default },
            new("input2", "N E | E", "Second vectors.") { Gradient = GradientRule.Default },
            new("targets", "N | ", "1 for like, 0 for unlike pairs; see positive_label.") { Domain = Domain.Binary },
        ],
        Items = "N | ",
        Parameters =
        [
            Margin, PosMargin, Power, Half, PositiveLabel, Distance.Choice, Distance.P, Distance.EpsParameter,
        ],
        HasHessian = false,
        Edges =
        [
            "Coincident vectors have gradient 0.",
            "Libraries disagree on linear, squared and half-squared forms, and on what label 1 means: power, half, positive_label.",
        ],
        Presets =
        [
            new("tfa", ("power", "2")),
            new("pml", ("power", "1")),
        ],
        Examples =
        [
            new("simple", "A like and an unlike pair.",
                """{"input1":[[0.0,0.0],[0.0,0.0]],"input2":[[3.0,4.0],[3.0,4.0]],"targets":[1,0],"margin":6}"""),
            new("hadsell", "Half squared, and label 0 for like pairs.",
                """{"input1":[[0.0,0.0]],"input2":[[3.0,4.0]],"targets":[0],"power":2,"half":true,"positive_label":0}"""),
        ],
    };

    public static int Vectors => 2;

    public Distance Distance => distance;

    public bool UsesThirdEdge => false;

    public static ContrastiveLoss Configure(Settings settings) => new(
        Families.Distance.Of(settings), settings[Margin], settings[PosMargin], settings[Power],
        settings.IsOn(Half) ? 0.5 : 1, settings[PositiveLabel], settings.Tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V first, V second, V third, V y) where V : struct, ILane<V> =>
        half * V.Pow(V.Hinge(Excess(first, y), tie), power);

    // A like pair without a margin of its own ends its range at distance 0, which is no corner.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Corner<V>(V first, V second, V third, V y) where V : struct, ILane<V> =>
        positiveMargin == 0 ? V.Select(V.Same(y, positive), 1, margin - first) : Excess(first, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Excess<V>(V first, V y) where V : struct, ILane<V> =>
        V.Select(V.Same(y, positive), first - positiveMargin, margin - first);
}
