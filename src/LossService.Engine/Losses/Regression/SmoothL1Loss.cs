using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;

namespace LossService.Engine.Losses.Regression;

internal readonly struct SmoothL1Loss(double beta) : IBinaryLoss<SmoothL1Loss>
{
    private static readonly Parameter Beta = Parameter.Number(
        "beta", 1, "Below this error the loss is a parabola; 0 makes it the l1_loss.", min: 0);

    public static LossCard Card { get; } = new()
    {
        Name = "smooth_l1_loss",
        Family = "regression",
        Summary = "Squares small errors and takes the magnitude of large ones.",
        Formula = @"\tfrac{1}{2}(x-y)^2/\beta\ \text{ if }\lvert x-y\rvert<\beta,\quad \lvert x-y\rvert-\tfrac{1}{2}\beta\ \text{ else}",
        References =
        [
            new("Girshick, Fast R-CNN, 2015", "https://arxiv.org/abs/1504.08083"),
            new("PyTorch, torch.nn.SmoothL1Loss", "https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html"),
        ],
        Inputs = RegressionInputs.All,
        Items = "*S",
        Parameters = [Beta],
        Edges = ["Equal to huber_loss with delta = beta, divided by beta."],
        Presets = [RegressionInputs.PyTorch],
        Examples = [new("simple", "A small and a large error.", """{"predictions":[2.5,4.0],"targets":[3.0,-0.5]}""")],
    };

    public static SmoothL1Loss Configure(Settings settings) => new(settings[Beta]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        V error = x - y;
        V size = V.Abs(error);
        if (beta == 0)
        {
            return size;
        }

        return V.Select(size < beta, 0.5 * (error * error) / beta, size - (0.5 * beta));
    }
}
