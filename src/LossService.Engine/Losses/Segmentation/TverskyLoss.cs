using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct TverskyLoss(RegionRatio ratio, double alpha, double beta, double gamma)
    : IRegionLoss<TverskyLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 0.5, "Weight of false positives.", min: 0);

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 0.5, "Weight of false negatives.", min: 0);

    private static readonly Parameter Gamma = Parameter.Number(
        "gamma", 1, "The power of the classes' mean, as in segmentation_models.pytorch.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "tversky_loss",
        Family = "segmentation",
        Aliases = ["tversky"],
        Summary = "Measures overlap with weights of their own for false alarms and misses.",
        Formula = @"1-\frac{TP+s}{TP+\alpha FP+\beta FN+s},\quad TP=\sum pt,\ FP=\sum p(1-t),\ FN=\sum(1-p)t",
        References =
        [
            new("Salehi et al., Tversky loss function for image segmentation, 2017", "https://arxiv.org/abs/1706.05721"),
            new("segmentation_models.pytorch, TverskyLoss", "https://smp.readthedocs.io/en/latest/losses.html"),
        ],
        Inputs = RegionMembers.Inputs,
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            Alpha, Beta, Gamma, RegionMembers.Mode, RegionMembers.Aggregate, RegionRatio.Smooth,
            RegionRatio.EpsParameter, RegionRatio.EpsMode, RegionMembers.LogLoss, RegionMembers.ClassReduction,
            RegionMembers.AbsentClasses, RegionMembers.IgnoreIndex,
        ],
        Edges =
        [
            "alpha = beta = 0.5 is dice_loss with twice its smooth, alpha = beta = 1 is jaccard_loss.",
            "Where the mean is 0 exactly and gamma is not 1, the gradient is 0.",
            .. RegionMembers.Edges,
        ],
        Presets =
        [
            new("keras", ("class_reduction", "joint"), ("eps_mode", "add")),
        ],
        Examples = RegionMembers.Examples,
    };

    public bool Squares => false;

    public static TverskyLoss Configure(Settings settings) =>
        new(RegionRatio.Of(settings), settings[Alpha], settings[Beta], settings[Gamma]);

    public static V Whole<V>(TverskyLoss loss, V mean) where V : struct, ILane<V> => V.Pow(mean, loss.Power);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(RegionSums<V> sums) where V : struct, ILane<V> =>
        ratio.Loss(sums.Both, (alpha * sums.PredictedOnly) + (beta * sums.TrueOnly));

    private double Power => gamma;
}
