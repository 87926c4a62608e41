using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct HingeLoss(double margin, double tie) : IBinaryLoss<HingeLoss>, ICorner<HingeLoss>
{
    private readonly double _margin = margin;

    private static readonly Parameter Margin = Parameter.Number("margin", 1, "The score a right answer must reach.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "hinge_loss",
        Family = "classification",
        Aliases = ["hinge", "svm_loss"],
        Summary = "Wants the score on the label's side, by a margin: the support vector machine.",
        Formula = @"\max(0,\ m-y\,s)",
        References =
        [
            new("Cortes and Vapnik, Support-Vector Networks, 1995", "https://doi.org/10.1007/BF00994018"),
            new("optax, hinge_loss", "https://optax.readthedocs.io/en/latest/api/losses.html"),
        ],
        Inputs =
        [
            new("predictions", "*S", "Scores s; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "Labels y: 1 or -1; 0 counts as -1.") { Domain = Domain.SignOrZero },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Parameters = [Margin],
        Edges =
        [
            "At y·s = m the slope is 0; the member tie changes that.",
            "XGBoost takes 1 for the second derivative where the hinge is open, the least normal float elsewhere.",
        ],
        HessianForms = [new("xgboost", IsMagnitude: true)],
        Presets =
        [
            new("keras"), new("optax", ("reduction", "none"), ("tie", "half")),
            new("xgboost", ("hessian_floor", "1.17549435e-38")),
        ],
        Examples = [new("simple", "One safe and one wrong score.", """{"predictions":[1.7,0.4],"targets":[1,-1]}""")],
    };

    public static HingeLoss Configure(Settings settings) => new(settings[Margin], settings.Tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V> => V.Hinge(Corner(this, x, y, y), tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Corner<V>(HingeLoss loss, V x, V y, V z) where V : struct, ILane<V> =>
        loss._margin - V.Select(y > 0, x, -x);
}
