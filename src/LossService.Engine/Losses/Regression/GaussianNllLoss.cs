using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct GaussianNllLoss(double eps, double constant) : ITernaryLoss<GaussianNllLoss>
{
    private const double HalfLogTwoPi = 0.9189385332046727;

    private static readonly Parameter Full = Parameter.Flag("full", false, "Adds the constant log(2 pi) / 2.");

    private static readonly Parameter Eps = Parameter.Number(
        "eps", 1e-6, "Variances below this count as this, but keep their gradient.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "gaussian_nll_loss",
        Family = "regression",
        Aliases = ["gaussian_nll"],
        Summary = "Scores a predicted mean and variance against what was measured.",
        Formula = @"\tfrac{1}{2}\left(\log v+\frac{(x-y)^2}{v}\right),\qquad v=\max(\mathrm{var},\epsilon)",
        References =
        [
            new("Nix and Weigend, Estimating the Mean and Variance of the Target Probability Distribution, 1994",
                "https://doi.org/10.1109/ICNN.1994.374138"),
            new("PyTorch, torch.nn.GaussianNLLLoss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html"),
        ],
        Inputs =
        [
            RegressionInputs.All[0],
            RegressionInputs.All[1],
            new("variances",
                "Predicted variances: one an element; one for all of the last axis, which is 1 or left out (S'); or one for all.",
                [new("*S"), new("*S' 1") { IsShared = true }, new("*S'") { IsShared = true }, new("") { IsShared = true }])
            {
                Gradient = GradientRule.Default,
                Domain = Domain.NonNegative,
            },
            RegressionInputs.All[2],
        ],
        Items = "*S",
        Parameters = [Full, Eps],
        Edges =
        [
            "A variance below eps is clamped for the value alone, as in PyTorch: its gradient is that of eps.",
            "A variance that several elements share has the sum of their gradients, and of their second derivatives; a hessian_floor holds for each element.",
            "With eps 0 a variance of 0 makes the loss infinite, or NaN where the prediction is exact.",
        ],
        Presets = [RegressionInputs.PyTorch],
        Examples =
        [
            new("simple", "A sure and an unsure prediction.", """{"predictions":[1.0,0.0],"targets":[2.0,0.5],"variances":[0.5,2.0]}"""),
            new("shared", "One variance a sample.",
                """{"predictions":[[1.0,0.0],[0.5,0.2]],"targets":[[2.0,0.5],[0.0,0.1]],"variances":[[0.5],[2.0]]}"""),
        ],
    };

    public static GaussianNllLoss Configure(Settings settings) =>
        new(settings[Eps], settings.IsOn(Full) ? HalfLogTwoPi : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y, V z) where V : struct, ILane<V>
    {
        V error = x - y;
        // The square apart from its slope: an infinite error owes nothing to the variance, not 0 times infinity.
        V square = V.WithSlope(V.Stop(error * error), error, 2 * error);
        V kept = V.Stop(z);
        V variance = V.WithSlope(V.Select(kept < eps, eps, kept), z, 1);
        return (0.5 * (V.Log(variance) + (square / variance))) + constant;
    }
}
