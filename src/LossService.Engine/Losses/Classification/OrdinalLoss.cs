using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct OrdinalLoss : IClasswiseLoss<OrdinalLoss>
{
    public static LossCard Card { get; } = new()
    {
        Name = "ordinal_loss",
        Family = "classification",
        Aliases = ["cumulative_bce", "ordinal_regression_loss"],
        Summary = "Asks of an ordered grade, threshold by threshold, whether it is reached.",
        Formula = @"\sum_{k=1}^{K}\mathrm{BCE}(x_k,\ [y\ge k])",
        References =
        [
            new("Niu et al., Ordinal Regression with Multiple Output CNN for Age Estimation, 2016", "https://doi.org/10.1109/CVPR.2016.532"),
            new("allRank, ordinal", "https://github.com/allegro/allRank/blob/master/allrank/models/losses/ordinal.py"),
        ],
        Inputs =
        [
            new("logits", "N C *D | C", "A score for every threshold k from 1 to C, before the sigmoid.") { Gradient = GradientRule.Default },
            new("targets", "Grades y from 0, no threshold reached, to C, all of them.", [Grades("N *D"), Grades("")]),
        ],
        Items = "N *D | ",
        Edges = ["C thresholds separate C + 1 grades, so the grade C is allowed. Nothing keeps the scores in order."],
        Examples = [new("simple", "Grades 0 to 2 by two thresholds.", """{"logits":[[1.5,-0.5],[-1.0,-2.0]],"targets":[1,0]}""")],
    };

    public static ClassEncoding Encoding => ClassEncoding.Cumulative;

    public static bool Averages => false;

    public static OrdinalLoss Configure(Settings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        Logistic<V> at = V.Logistic(x);
        return V.Select(y > 0, at.SoftplusOfMinus, at.Softplus);
    }

    private static InputForm Grades(string axes) => new(axes, InputKind.Label) { Classes = "C", Background = true };
}
