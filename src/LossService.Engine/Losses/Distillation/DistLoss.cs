using LossService.Engine.Cards;
using LossService.Engine.Families;

namespace LossService.Engine.Losses.Distillation;

internal readonly struct DistLoss(RelationOptions options) : IRelationLoss<DistLoss>
{
    private static readonly Parameter Tau = Parameter.Number(
        "tau", 1, "The temperature, which divides both sides' logits.", min: 0, minOpen: true);

    private static readonly Parameter InterWeight = Parameter.Number(
        "inter_loss_weight", 1, "The weight of how a sample's classes relate: of the rows.", min: 0);

    private static readonly Parameter IntraWeight = Parameter.Number(
        "intra_loss_weight", 1, "The weight of how a class's samples relate: of the columns.", min: 0);

    private static readonly Parameter ScaleByTau2 = Parameter.Flag(
        "scale_by_t2", true, "Multiplies the loss by the squared temperature, as mmrazor does; the publication does not.");

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-8, "Added to the denominator of a correlation.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "dist_loss",
        Family = "distillation",
        Aliases = ["dist", "dist_kd_loss"],
        Summary = "Wants a student's probabilities to correlate with its teacher's (DIST).",
        Formula = @"\tau^2\left[\beta\,(1-\rho(p_{s,i\cdot},p_{t,i\cdot}))+\gamma\,\frac{1}{C}\sum_c 1-\rho(p_{s,\cdot c},p_{t,\cdot c})\right],\quad \rho\text{: Pearson's correlation}",
        References =
        [
            new("Huang et al., Knowledge Distillation from A Stronger Teacher, 2022", "https://arxiv.org/abs/2205.10536"),
            new("mmrazor, DISTLoss", "https://github.com/open-mmlab/mmrazor"),
        ],
        Inputs =
        [
            new("student_logits", "N C", "The student's scores, a sample a row.") { Gradient = GradientRule.Default },
            new("teacher_logits", "N C", "The teacher's scores."),
        ],
        Items = "N",
        Parameters = [Tau, InterWeight, IntraWeight, ScaleByTau2, Eps],
        HasHessian = false,
        SamplesMeet = true,
        Edges =
        [
            "An item is a sample: what its own row lacks to a full correlation, and what the columns lack in the mean, which all samples share. The mean of the items is the published loss.",
            "A masked sample leaves the batch, and so the columns, altogether.",
            "Equal numbers in a row or column correlate with nothing: they cost 1. So does every column of a batch of one.",
        ],
        Examples =
        [
            new("simple", "Two samples of three classes.",
                """{"student_logits":[[1.0,2.0,0.5],[0.1,0.2,0.3]],"teacher_logits":[[0.5,3.0,0.1],[0.0,0.1,1.0]]}"""),
            new("published", "As in the publication: softer, without the square of the temperature.",
                """{"student_logits":[[1.0,2.0,0.5],[0.1,0.2,0.3]],"teacher_logits":[[0.5,3.0,0.1],[0.0,0.1,1.0]],"tau":4,"scale_by_t2":false}"""),
        ],
    };

    public RelationOptions Options => options;

    public static DistLoss Configure(Settings settings)
    {
        double tau = settings[Tau];
        double scale = settings.IsOn(ScaleByTau2) ? tau * tau : 1;
        return new(new(tau, scale, settings[InterWeight], settings[IntraWeight], settings[Eps]));
    }
}
