using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct FocalTverskyLoss(RegionRatio ratio, double alpha, double beta, double power)
    : IRegionLoss<FocalTverskyLoss>
{
    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 0.3, "Weight of false positives.", min: 0);

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 0.7, "Weight of false negatives.", min: 0);

    private static readonly Parameter Gamma = Parameter.Number(
        "gamma", 4.0 / 3, "One over the power of each class's loss; the paper takes 4/3.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "focal_tversky_loss",
        Family = "segmentation",
        Aliases = ["focal_tversky"],
        Summary = "Bends the Tversky loss so that classes found badly count for more.",
        Formula = @"\left(1-\frac{TP+s}{TP+\alpha FP+\beta FN+s}\right)^{1/\gamma},\ \text{class by class}",
        References =
        [
            new("Abraham and Khan, A novel focal Tversky loss function, 2018", "https://arxiv.org/abs/1810.07842"),
        ],
        Inputs = RegionMembers.Inputs,
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            Alpha, Beta, Gamma, RegionMembers.Mode, RegionMembers.Aggregate, RegionRatio.Smooth,
            RegionRatio.EpsParameter, RegionRatio.EpsMode, RegionMembers.ClassReduction, RegionMembers.AbsentClasses,
            RegionMembers.IgnoreIndex,
        ],
        Edges =
        [
            "The paper sums the classes: class_reduction \"sum\".",
            "segmentation_models.pytorch takes the power of the mean of the classes instead: tversky_loss with its gamma.",
            "Where a class is found perfectly, its loss of 0 has gradient 0, though with gamma above 1 the slope beside it grows without bound.",
            .. RegionMembers.Edges,
        ],
        Examples = RegionMembers.Examples,
    };

    public bool Squares => false;

    public static FocalTverskyLoss Configure(Settings settings) =>
        new(RegionRatio.Plain(settings), settings[Alpha], settings[Beta], 1 / settings[Gamma]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(RegionSums<V> sums) where V : struct, ILane<V> =>
        V.Pow(ratio.Loss(sums.Both, (alpha * sums.PredictedOnly) + (beta * sums.TrueOnly)), power);
}
