using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct GeneralizedDiceLoss(RegionRatio ratio, int power, double weightEps)
    : IRegionLoss<GeneralizedDiceLoss>
{
    private static readonly Parameter WeightType = Parameter.Choice(
        "weight_type", ["square", "simple", "uniform"], "The power of a class's size by which its weight falls: 2, 1 or 0.");

    private static readonly Parameter WeightEps = Parameter.Number(
        "weight_eps", 1e-7, "Added to the power of the size, so that an absent class has a weight.", min: 0, minOpen: true);

    private static readonly Parameter ClassReduction = Parameter.Choice(
        "class_reduction", ["joint", "mean"],
        "Whether one ratio is taken of the weighted sums, as published, or the weighted mean of the classes' ratios, as by optax.");

    public static LossCard Card { get; } = new()
    {
        Name = "generalized_dice_loss",
        Family = "segmentation",
        Aliases = ["generalised_dice_loss"],
        Summary = "Measures overlap with classes weighed by the inverse of their squared size.",
        Formula = @"1-\frac{2\sum_c w_c\sum p_c t_c+s}{\sum_c w_c(\sum p_c+\sum t_c)+s},\quad w_c\propto\frac{1}{(\sum t_c)^2+\epsilon_w}",
        References =
        [
            new("Sudre et al., Generalised Dice overlap, 2017", "https://arxiv.org/abs/1707.03237"),
            new("MONAI, GeneralizedDiceLoss", "https://docs.monai.io/en/stable/losses.html"),
        ],
        Inputs = RegionMembers.Inputs,
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            RegionMembers.Mode, RegionMembers.Aggregate, RegionRatio.Smooth, RegionRatio.EpsParameter,
            RegionRatio.EpsMode, WeightType, WeightEps, ClassReduction, RegionMembers.SkippedAbsentClasses,
            RegionMembers.IgnoreIndex,
        ],
        Edges =
        [
            "The weights are scaled to a mean of 1, so that smooth and eps mean the same as in dice_loss.",
            "An absent class would have the weight 1 / weight_eps and drown all others, so that it is left out; optax keeps it: absent_classes \"count\".",
            "optax takes the sizes from the whole batch, also where its ratios are those of samples.",
            .. RegionMembers.Edges,
        ],
        Examples = RegionMembers.Examples,
    };

    public static bool WeighsByTruth => true;

    public bool Squares => false;

    public static GeneralizedDiceLoss Configure(Settings settings) =>
        new(RegionRatio.Plain(settings), 2 - (int)settings[WeightType], settings[WeightEps]);

    public static V WeightOf<V>(GeneralizedDiceLoss loss, V truth) where V : struct, ILane<V> => loss.Weight(truth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(RegionSums<V> sums) where V : struct, ILane<V> =>
        ratio.Loss(2 * sums.Both, sums.PredictedOnly + sums.TrueOnly);

    private V Weight<V>(V truth) where V : struct, ILane<V> => 1.0 / (V.Pow(truth, power) + weightEps);
}
