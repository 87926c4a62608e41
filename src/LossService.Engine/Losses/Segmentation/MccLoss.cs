using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct MccLoss(double eps) : IRegionLoss<MccLoss>
{
    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-5, "Added to each of the four sums.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "mcc_loss",
        Family = "segmentation",
        Aliases = ["matthews_correlation_loss"],
        Summary = "Measures how little predicted and true regions correlate: Matthews' coefficient.",
        Formula = @"1-\frac{TP\cdot TN-FP\cdot FN}{\sqrt{(TP+FP)(TP+FN)(TN+FP)(TN+FN)}}",
        References =
        [
            new("Abhishek and Hamarneh, Matthews Correlation Coefficient Loss, 2021", "https://arxiv.org/abs/2010.13454"),
            new("segmentation_models.pytorch, MCCLoss", "https://smp.readthedocs.io/en/latest/losses.html"),
        ],
        Inputs = RegionMembers.Inputs,
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            Eps, RegionMembers.Mode, RegionMembers.Aggregate, RegionMembers.ClassReduction,
            RegionMembers.AbsentClasses, RegionMembers.IgnoreIndex,
        ],
        Edges =
        [
            "Lies between 0 (all right) and 2 (all wrong); a constant prediction costs 1, and so does a class that is everywhere or nowhere.",
            "segmentation_models.pytorch has it for binary masks alone: mode \"binary\".",
            .. RegionMembers.Edges,
        ],
        Examples = RegionMembers.Examples,
    };

    public bool Squares => false;

    public static MccLoss Configure(Settings settings) => new(settings[Eps]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(RegionSums<V> sums) where V : struct, ILane<V>
    {
        V found = sums.Both + eps;
        V spared = sums.Neither + eps;
        V falsely = sums.PredictedOnly + eps;
        V missed = sums.TrueOnly + eps;
        V spread = (found + falsely) * (found + missed) * ((spared + falsely) * (spared + missed));
        return 1.0 - (((found * spared) - (falsely * missed)) / V.Sqrt(spread));
    }
}
