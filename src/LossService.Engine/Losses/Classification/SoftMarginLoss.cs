using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct SoftMarginLoss : IBinaryLoss<SoftMarginLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "soft_margin_loss",
        Family = "classification",
        Aliases = ["logistic_loss"],
        Summary = "Scores yes-or-no predictions whose labels are 1 and -1.",
        Formula = @"\log(1+e^{-y\,x})",
        References = [new("PyTorch, torch.nn.SoftMarginLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html")],
        Inputs =
        [
            new("logits", "*S", "Scores x; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "Labels y: 1 or -1.") { Domain = Domain.Sign },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Edges = ["Wrong and certain scores cost -y·x; PyTorch forms e^(-y·x) and overflows beyond 709, in float32 beyond 88."],
        Presets = [new("pytorch", ("empty", "nan"))],
        Examples = [new("simple", "A right and a wrong score.", """{"logits":[1.7,0.4],"targets":[1,-1]}""")],
    };

    public static SoftMarginLoss Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V> => V.Softplus(V.Select(y > 0, -x, x));
}
