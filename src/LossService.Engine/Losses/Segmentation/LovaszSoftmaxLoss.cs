using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct LovaszSoftmaxLoss : ILovaszLoss<LovaszSoftmaxLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "lovasz_softmax_loss",
        Family = "segmentation",
        Aliases = ["lovasz_softmax"],
        Summary = "Extends the Jaccard loss of each class to probabilities, convexly.",
        Formula = @"\frac1{|C|}\sum_c\sum_k e_{(k)}\,\Delta J_k,\quad e=|[y=c]-p_c|\ \text{sorted, largest first}",
        References =
        [
            new("Berman et al., The Lovász-Softmax loss, 2018", "https://arxiv.org/abs/1705.08790"),
            new("segmentation_models.pytorch, LovaszLoss", "https://smp.readthedocs.io/en/latest/losses.html"),
        ],
        Inputs = RegionMembers.HardInputs,
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            RegionMembers.Aggregate, RegionMembers.SkippedAbsentClasses, RegionMembers.IgnoreIndex,
        ],
        Cost = Cost.Sorting,
        Edges =
        [
            RegionMembers.GrowthEdge,
            "Classes without a true place are left out, as with classes=\"present\"; without places left the loss is 0.",
            "Where an error is 0 its slope is 0.",
            "Straight in the probabilities while errors keep their order: second derivatives by these are 0, and by logits they are what the softmax bends.",
            .. RegionMembers.Edges,
        ],
        Examples = [RegionMembers.Labelled],
    };

    public static bool IsHinge => false;

    public static LovaszSoftmaxLoss Configure(Settings settings) => default;

}
