using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct MultilabelSoftMarginLoss : IClasswiseLoss<MultilabelSoftMarginLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "multilabel_soft_margin_loss",
        Family = "classification",
        Aliases = ["multilabel_soft_margin", "multi_label_soft_margin_loss"],
        Summary = "Averages the binary cross-entropies of a sample's labels.",
        Formula = @"\frac{1}{C}\sum_c w_c\,[\,y_c\,\mathrm{softplus}(-x_c)+(1-y_c)\,\mathrm{softplus}(x_c)\,]",
        References =
        [
            new("PyTorch, torch.nn.MultiLabelSoftMarginLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html"),
        ],
        Inputs =
        [
            new("logits", "N C *D | C", "Scores x before the sigmoid; classes on the second axis, or alone.") { Gradient = GradientRule.Default },
            new("targets", "N C *D | C", "Labels or soft labels y in [0, 1], one per class.")
            {
                Gradient = GradientRule.OnRequest,
                Domain = Domain.Probability,
            },
            ClassInputs.Weight,
        ],
        Items = "N *D | ",
        Edges = ["An item is a sample: a mean divides by samples, and class weights do not enter it."],
        Presets = [new("pytorch", ("empty", "nan"))],
        Examples = [new("simple", "Two samples with three labels each.", """{"logits":[[0.5,-1.2,2.0],[1.0,0.3,-0.7]],"targets":[[1,0,1],[0,1,0]]}""")],
    };

    public static ClassEncoding Encoding => ClassEncoding.OneHot;

    public static bool Averages => true;

    public static MultilabelSoftMarginLoss Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        Logistic<V> at = V.Logistic(x);
        return V.ZeroTimes(y, at.SoftplusOfMinus) + V.ZeroTimes(1.0 - y, at.Softplus);
    }
}
