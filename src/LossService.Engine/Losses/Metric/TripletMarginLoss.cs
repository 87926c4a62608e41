using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Metric;

internal readonly struct TripletMarginLoss(Distance distance, double margin, bool swap, bool soft, double tie)
    : IDistanceLoss<TripletMarginLoss>
{
    private static readonly Parameter Margin = Parameter.Number(
        "margin", 1, "How much nearer the positive must be; with soft_margin none unless given.");

    private static readonly Parameter Swap = Parameter.Flag(
        "swap", false, "Measures the negative from the positive where that is nearer.");

    private static readonly Parameter SoftMargin = Parameter.Flag(
        "soft_margin", false, "Replaces the hinge by a softplus, which never ends.");

    private static readonly Parameter EpsMode = Parameter.Choice(
        "eps_mode", ["per_coordinate", "under_root"],
        "Where l2 and lp add eps: to each coordinate of a difference, as PyTorch, or under the root, as optax.");

    public static LossCard Card { get; } = new()
    {
        Name = "triplet_margin_loss",
        Family = "metric",
        Aliases = ["triplet_loss", "triplet_margin_with_distance_loss"],
        Summary = "Wants the positive nearer to the anchor than the negative, by a margin.",
        Formula = @"\max(0,\ d(a,p)-d(a,n)+m)",
        References =
        [
            new("Balntas et al., Learning local feature descriptors with triplets, 2016", "https://doi.org/10.5244/C.30.119"),
            new("Schroff et al., FaceNet, 2015", "https://arxiv.org/abs/1503.03832"),
            new("PyTorch, torch.nn.TripletMarginLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html"),
        ],
        Inputs =
        [
            new("anchor", "N E | E", "Reference vectors a, one a row.") { Gradient = GradientRule.Default },
            new("positive", "N E | E", "Vectors p of the anchor's class.") { Gradient = GradientRule.Default },
            new("negative", "N E | E", "Vectors n of another class.") { Gradient = GradientRule.Default },
        ],
        Items = "N | ",
        Parameters = [Margin, Swap, SoftMargin, Distance.Choice, Distance.P, Distance.EpsParameter, EpsMode],
        HasHessian = false,
        Edges =
        [
            "Coincident vectors have gradient 0; PyTorch adds 1e-06 to every coordinate instead, optax 1e-06 to the sum under the root: presets \"pytorch\" and \"optax\".",
            "Where the swapped distances are equal, each gets half of the gradient.",
            "On the corner the slope is 0; PyTorch's is 1: tie \"pytorch\".",
        ],
        Presets =
        [
            new("pytorch", ("eps", "1e-06"), ("tie", "pytorch"), ("empty", "nan")),
            new("optax", ("eps", "1e-06"), ("eps_mode", "under_root"), ("tie", "half"), ("reduction", "none")),
            new("mmdet", ("margin", "0.3")),
            new("pml", ("margin", "0.05")),
        ],
        Examples =
        [
            new("simple", "One triplet.", """{"anchor":[[1.0,2.0]],"positive":[[1.5,1.0]],"negative":[[0.0,1.0]]}"""),
            new("facenet", "Squared distances and a small margin.",
                """{"anchor":[[1.0,2.0]],"positive":[[1.5,1.0]],"negative":[[0.0,1.0]],"distance":"squared_l2","margin":0.2}"""),
        ],
    };

    public static int Vectors => 3;

    public Distance Distance => distance;

    public bool UsesThirdEdge => swap;

    public static TripletMarginLoss Configure(Settings settings)
    {
        bool soft = settings.IsOn(SoftMargin);
        double margin = soft && !settings.IsGiven(Margin) ? 0 : settings[Margin];
        Distance distance = Families.Distance.Of(settings);
        distance = settings[EpsMode] == 1 ? distance.WithEpsUnderRoot() : distance;
        return new(distance, margin, settings.IsOn(Swap), soft, settings.Tie);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V first, V second, V third, V y) where V : struct, ILane<V>
    {
        V lag = Lag(first, second, third);
        return soft ? V.Logistic(lag).Softplus : V.Hinge(lag, tie);
    }

    // A softplus has no corner.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Corner<V>(V first, V second, V third, V y) where V : struct, ILane<V> =>
        soft ? 1 : Lag(first, second, third);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Lag<V>(V first, V second, V third) where V : struct, ILane<V> =>
        first - (swap ? V.Min(second, third) : second) + margin;
}
