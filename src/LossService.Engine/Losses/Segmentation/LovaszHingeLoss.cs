using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Segmentation;

internal readonly struct LovaszHingeLoss : ILovaszLoss<LovaszHingeLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "lovasz_hinge_loss",
        Family = "segmentation",
        Aliases = ["lovasz_hinge", "binary_lovasz_loss"],
        Summary = "Extends the Jaccard loss of a binary mask to margins of its logits, convexly.",
        Formula = @"\sum_k \max(0,e_{(k)})\,\Delta J_k,\quad e=1-x(2y-1)\ \text{sorted, largest first}",
        References =
        [
            new("Berman et al., The Lovász-Softmax loss, 2018", "https://arxiv.org/abs/1705.08790"),
            new("Yu and Blaschko, The Lovász Hinge, 2015", "https://arxiv.org/abs/1512.07797"),
        ],
        Inputs =
        [
            new("logits", "N *P", "Scores x, before any sigmoid.") { Gradient = GradientRule.Default },
            new("targets", "Labels y, 0 or 1.",
                [new("N *P", InputKind.Label) { Domain = Domain.Binary }]),
        ],
        Items = RegionMembers.Items,
        ItemsWith = RegionMembers.PerSample,
        Parameters =
        [
            RegionMembers.Aggregate, RegionMembers.IgnoreIndex,
        ],
        Cost = Cost.Sorting,
        Edges =
        [
            RegionMembers.GrowthEdge,
            "Straight between its corners: second derivatives are 0 everywhere.",
            "Errors of 0 have slope 0, or 1 with tie \"pytorch\"; without places left the loss is 0.",
            .. RegionMembers.Edges,
        ],
        Examples =
        [
            new("mask", "Four pixels' logits against a mask, one pixel of which is ignored.",
                """{"logits":[[1.5,-0.5,0.3,2.0]],"targets":[[1,0,1,255]],"ignore_index":255}"""),
        ],
    };

    public static bool IsHinge => true;

    public static LovaszHingeLoss Configure(Settings settings) => default;

}
