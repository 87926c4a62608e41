using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct BalancedL1Loss(double alpha, double gamma, double beta, double b) : IBinaryLoss<BalancedL1Loss>
{
    // Above it the plain difference loses less than four bits.
    private const double RatioOfNear = 0.25;

    private static readonly Parameter Alpha = Parameter.Number(
        "alpha", 0.5, "How much small errors weigh; less raises their gradient less.", min: 0, minOpen: true);

    private static readonly Parameter Gamma = Parameter.Number(
        "gamma", 1.5, "The slope of large errors.", min: 0, minOpen: true);

    private static readonly Parameter Beta = Parameter.Number(
        "beta", 1, "Where small errors end.", min: 0, minOpen: true);

    public static LossCard Card { get; } = new()
    {
        Name = "balanced_l1_loss",
        Family = "regression",
        Aliases = ["balanced_l1"],
        Summary = "Raises the gradient of small errors beside that of large ones.",
        Formula = @"\tfrac{\alpha}{b}(b\lvert d\rvert+1)\log\left(\tfrac{b\lvert d\rvert}{\beta}+1\right)-\alpha\lvert d\rvert\ \text{ if }\lvert d\rvert<\beta,\quad \gamma\lvert d\rvert+\tfrac{\gamma}{b}-\alpha\beta\ \text{ else},\qquad b=e^{\gamma/\alpha}-1",
        References =
        [
            new("Pang et al., Libra R-CNN, 2019", "https://arxiv.org/abs/1904.02701"),
            new("mmdetection, BalancedL1Loss", "https://mmdetection.readthedocs.io/en/v2.10.0/_modules/mmdet/models/losses/balanced_l1_loss.html"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Alpha, Gamma, Beta],
        Edges = ["Only beta 1 joins both pieces smoothly and has no corner at 0, where the slope is 0."],
        Presets = [RegressionInputs.Mmdet],
        Examples = [new("simple", "A small and a large error.", """{"predictions":[2.5,4.0],"targets":[3.0,-0.5]}""")],
    };

    public static BalancedL1Loss Configure(Settings settings) => new(
        settings[Alpha], settings[Gamma], settings[Beta], ScalarLane.Expm1(settings[Gamma] / settings[Alpha]).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        V size = beta == 1 ? V.Select(error < 0, -error, error) : V.Abs(error);
        V rise = b * size;
        V log = V.Log1p(1 / beta * rise);
        V near = V.Stop(rise);
        V ratio = 1 / beta * near;
        V value = alpha / b * V.Select(
            ratio < RatioOfNear, Near(ratio, V.Stop(log)), ((near + 1.0) * V.Stop(log)) - near);
        V small = V.WithSlope(value, size, alpha * (log + ((1 - beta) / (beta + rise))));
        return V.Select(size < beta, small, (gamma * size) + ((gamma / b) - (alpha * beta)));
    }

    // (1 + βq) log(1 + q) - βq without the difference of its two terms, which lose all digits as q vanishes: with
    // s = q / (2 + q) it is log(1 + q) = 2 (s + s³/3 + s⁵/5 + …), and what β = 1 leaves is a sum of positive terms.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Near<V>(V q, V log) where V : struct, ILane<V>
    {
        V s = q / (2.0 + q);
        V square = s * s;
        V series = 1.0 / 17;
        series = V.MultiplyAdd(square, series, 1.0 / 15);
        series = V.MultiplyAdd(square, series, 1.0 / 13);
        series = V.MultiplyAdd(square, series, 1.0 / 11);
        series = V.MultiplyAdd(square, series, 1.0 / 9);
        series = V.MultiplyAdd(square, series, 1.0 / 7);
        series = V.MultiplyAdd(square, series, 1.0 / 5);
        series = V.MultiplyAdd(square, series, 1.0 / 3);
        V balanced = 2.0 * square * (1.0 + ((1.0 + s) * s * series)) / (1.0 - s);
        return balanced + ((1 - beta) * (q * (1.0 - log)));
    }
}
