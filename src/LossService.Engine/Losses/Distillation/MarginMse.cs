using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Distillation;

internal readonly struct MarginMse : ITernaryLoss<MarginMse>
{
    public static LossCard Card { get; } = new()
    {
        Name = "margin_mse",
        Family = "distillation",
        Aliases = ["margin_mse_loss"],
        Summary = "Teaches a student by how much a teacher prefers one passage to another.",
        Formula = @"\left((s_p-s_n)-m\right)^2,\qquad m=t_p-t_n",
        References =
        [
            new("Hofstatter et al., Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation, 2020",
                "https://arxiv.org/abs/2010.02666"),
            new("Sentence Transformers, MarginMSELoss", "https://sbert.net/docs/package_reference/sentence_transformer/losses.html"),
        ],
        Inputs =
        [
            new("positive_scores", "*S", "The student's scores s_p of relevant passages; any shape.") { Gradient = GradientRule.Default },
            new("negative_scores", "*S", "The student's scores s_n of other passages.") { Gradient = GradientRule.Default },
            new("targets", "*S", "The teacher's margin m = t_p - t_n.") { Gradient = GradientRule.OnRequest, Domain = Domain.Real },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Examples = [new("simple", "Two pairs.", """{"positive_scores":[3.1,1.0],"negative_scores":[0.5,0.8],"targets":[2.0,0.9]}""")],
    };

    public static MarginMse Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y, V z) where V : struct, ILane<V>
    {
        V gap = x - y - z;
        return gap * gap;
    }
}
