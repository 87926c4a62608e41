using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Losses.Classification;

namespace LossService.Engine.Losses.Distillation;

internal readonly struct KdLoss(double temperature, double alpha, bool scaleByT2, bool takesMean)
    : IDistributionLoss<KdLoss>
{
    private static readonly Parameter Softness = Parameter.Number(
        "temperature", 1, "Divides both sides' logits; higher shows more of what the teacher thinks of wrong classes.",
        min: 0, minOpen: true);

    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 0, "The weight of the hard cross-entropy with targets; the divergence gets 1 - alpha.", min: 0, max: 1);

    private static readonly Parameter ScaleByT2 = Parameter.Flag(
        "scale_by_t2", true, "Multiplies the divergence by the squared temperature, so that its gradients keep their size.");

    private static readonly Parameter ClassReduction = Parameter.Choice(
        "class_reduction", ["sum", "mean"],
        "Whether the divergence is the sum over classes, as defined, or their mean as in mmdetection.");

    public static LossCard Card { get; } = new()
    {
        Name = "kd_loss",
        Family = "distillation",
        Aliases = ["distillation_loss", "knowledge_distillation_loss"],
        Summary = "Teaches a student the distribution of a teacher.",
        Formula = @"(1-\alpha)\,T^2\,D_{KL}(\mathrm{softmax}(z_t/T)\,\|\,\mathrm{softmax}(z_s/T))+\alpha\,CE(y,z_s)",
        References = [new("Hinton et al., Distilling the Knowledge in a Neural Network, 2015", "https://arxiv.org/abs/1503.02531")],
        Inputs =
        [
            new("student_logits", "N C *D | C", "The student's scores; classes on the second axis, or alone.")
            {
                OneOf = "q",
                Gradient = GradientRule.Default,
            },
            new("teacher_logits", "N C *D | C", "The teacher's scores.") { OneOf = "p", Gradient = GradientRule.OnRequest },
            new("targets", "Class indices, needed if and only if alpha is above 0.",
                [ClassInputs.LabelsOf("N *D"), ClassInputs.LabelsOf("")]) { Optional = true, NeededWith = Alpha },
        ],
        Items = "N *D | ",
        Parameters = [Softness, Alpha, ScaleByT2, ClassReduction],
        HasBatchMean = true,
        Edges =
        [
            "The direction is from the teacher: D(teacher || student). The gradient for the student is T (p_s - p_t).",
            "mmdetection's loss takes the mean over classes, which is the divergence divided by C: preset \"mmdet\".",
            "A student close to its teacher keeps its digits: the divergence is never negative, also in float32.",
        ],
        Presets = [new("mmdet", ("temperature", "10"), ("class_reduction", "mean"), ("avg_factor_eps", "1.1920929e-07"))],
        Examples =
        [
            new("soft", "A student that disagrees with its teacher.",
                """{"student_logits":[[1.0,2.0,3.0]],"teacher_logits":[[3.0,1.0,0.0]],"temperature":4}"""),
            new("mixed", "Half soft, half hard.",
                """{"student_logits":[[1.0,2.0,3.0]],"teacher_logits":[[3.0,1.0,0.0]],"targets":[0],"temperature":4,"alpha":0.5}"""),
        ],
    };

    public static bool IsDivergence => true;

    public double Scale => (1 - alpha) * (scaleByT2 ? temperature * temperature : 1);

    public double Temperature => temperature;

    public double HardWeight => alpha;

    public bool ItemsAreTerms => false;

    public bool IsCrossEntropyInQ => true;

    public bool TakesMeanOfTerms => takesMean;

    public bool TellsIdentity => false;

    public static KdLoss Configure(Settings settings) =>
        new(settings[Softness], settings[Alpha], settings.IsOn(ScaleByT2), settings[ClassReduction] == 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V p, V logP, V q, V logQ, V gap) where V : struct, ILane<V> => V.ZeroTimes(p, logP - logQ);
}
