using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct DiceLoss(RegionRatio ratio, bool squares) : IRegionLoss<DiceLoss>
{
    private static readonly Parameter SquaredDenominator = Parameter.Flag(
        "squared_denominator", false, "Sums squares in the denominator, as V-Net does.");

    public static LossCard Card { get; } = new()
    {
        Name = "dice_loss",
        Family = "segmentation",
        Aliases = ["soft_dice_loss", "dice"],
        Summary = "Measures how little predicted and true regions overlap: the Dice coefficient.",
        Formula = @"1-\frac{2\sum p\,t+s}{\max(\sum p+\sum t+s,\ \epsilon)},\ \text{averaged over classes}",
        References =
        [
            new("Milletari et al., V-Net, 2016 (squared denominators)", "https://arxiv.org/abs/1606.04797"),
            new("segmentation_models.pytorch, DiceLoss", "https://smp.readthedocs.io/en/latest/losses.html"),
        ],
        Inputs = RegionMembers.Inputs,
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            RegionMembers.Mode, RegionMembers.Aggregate, RegionRatio.Smooth, RegionRatio.EpsParameter,
            RegionRatio.EpsMode, SquaredDenominator, RegionMembers.LogLoss, RegionMembers.ClassReduction,
            RegionMembers.AbsentClasses, RegionMembers.IgnoreIndex,
        ],
        Edges =
        [
            RegionMembers.AbsentEdge,
            .. RegionMembers.Edges,
        ],
        Presets =
        [
            new("mmdet", ("mode", "multilabel"), ("class_reduction", "joint"), ("aggregate", "sample"), ("squared_denominator", "true"), ("eps", "0.002"), ("eps_mode", "add"), ("avg_factor_eps", "1.1920929e-07")),
            new("keras", ("class_reduction", "joint"), ("eps_mode", "add")),
            new("optax", ("aggregate", "sample"), ("smooth", "2"), ("reduction", "none")),
        ],
        Examples = RegionMembers.Examples,
    };

    public bool Squares => squares;

    public static DiceLoss Configure(Settings settings) =>
        new(RegionRatio.Of(settings), settings.IsOn(SquaredDenominator));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(RegionSums<V> sums) where V : struct, ILane<V> =>
        ratio.Loss(2 * sums.Both, sums.PredictedOnly + sums.TrueOnly);
}
