using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct JaccardLoss(RegionRatio ratio) : IRegionLoss<JaccardLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "jaccard_loss",
        Family = "segmentation",
        Aliases = ["soft_iou_loss", "jaccard"],
        Summary = "Measures how little predicted and true regions overlap: the Jaccard index.",
        Formula = @"1-\frac{\sum p\,t+s}{\max(\sum p+\sum t-\sum p\,t+s,\ \epsilon)},\ \text{averaged over classes}",
        References =
        [
            new("Rahman and Wang, Optimizing Intersection-Over-Union in Deep Neural Networks, 2016", "https://doi.org/10.1007/978-3-319-50835-1_22"),
            new("segmentation_models.pytorch, JaccardLoss", "https://smp.readthedocs.io/en/latest/losses.html"),
        ],
        Inputs = RegionMembers.Inputs,
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            RegionMembers.Mode, RegionMembers.Aggregate, RegionRatio.Smooth, RegionRatio.EpsParameter,
            RegionRatio.EpsMode, RegionMembers.LogLoss, RegionMembers.ClassReduction,
            RegionMembers.AbsentClasses, RegionMembers.IgnoreIndex,
        ],
        Edges =
        [
            RegionMembers.AbsentEdge,
            .. RegionMembers.Edges,
        ],
        Examples = RegionMembers.Examples,
    };

    public bool Squares => false;

    public static JaccardLoss Configure(Settings settings) => new(RegionRatio.Of(settings));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(RegionSums<V> sums) where V : struct, ILane<V> =>
        ratio.Loss(sums.Both, sums.PredictedOnly + sums.TrueOnly);
}
