using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Classification;

internal readonly struct SquaredHingeLoss(double margin, double tie) : IBinaryLoss<SquaredHingeLoss>
{
    private static readonly Parameter Margin = Parameter.Number("margin", 1, "The score a right answer must reach.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "squared_hinge_loss",
        Family = "classification",
        Aliases = ["squared_hinge"],
        Summary = "Wants the score on the label's side, by a margin, and squares what is missing.",
        Formula = @"\max(0,\ m-y\,s)^2",
        References =
        [
            new("Lee and Mangasarian, SSVM: A Smooth Support Vector Machine, 2001", "https://doi.org/10.1023/A:1011215321374"),
            new("Keras, SquaredHinge", "https://keras.io/api/losses/hinge_losses/#squaredhinge-class"),
        ],
        Inputs =
        [
            new("predictions", "*S", "Scores s; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "Labels y: 1 or -1.") { Domain = Domain.Sign },
            new(Common.WeightName, "*S", "A weight per element.") { Optional = true, Domain = Domain.NonNegative },
        ],
        Items = "*S",
        Parameters = [Margin],
        Edges = ["At y·s = m the loss and its slope are 0; the second derivative there is 0 too, unless tie says otherwise."],
        Presets = [new("keras")],
        Examples = [new("simple", "One safe and one wrong score.", """{"predictions":[1.7,0.4],"targets":[1,-1]}""")],
    };

    public static SquaredHingeLoss Configure(Settings settings) => new(settings[Margin], settings.Tie);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V missing = V.Hinge(margin - V.Select(y > 0, x, -x), tie);
        return missing * missing;
    }
}
