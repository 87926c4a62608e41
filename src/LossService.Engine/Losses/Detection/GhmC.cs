using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Losses.Detection;

internal readonly struct GhmC(int bins) : IBinaryLoss<GhmC>
{
    private const int BinsMax = 1024;

    private static readonly Parameter Bins = Parameter.Integer(
        "bins", 10, "Into how many parts the gradients from 0 to 1 are sorted.", min: 1, max: BinsMax);

    public static LossCard Card { get; } = new()
    {
        Name = "ghm_c",
        Family = "detection",
        Aliases = ["ghmc_loss", "ghm_c_loss"],
        Summary = "Fades examples whose gradients many others share, easy ones and outliers alike.",
        Formula = @"\frac{M}{B\,n_{b(g)}}\,\bigl(y\log(1+e^{-x})+(1-y)\log(1+e^{x})\bigr),\qquad g=|\sigma(x)-y|",
        References =
        [
            new("Li et al., Gradient Harmonized Single-stage Detector, 2019", "https://arxiv.org/abs/1811.05181"),
            new("mmdetection, GHMC", "https://github.com/open-mmlab/mmdetection"),
        ],
        Inputs =
        [
            new("logits", "*S", "Scores x; any shape.") { Gradient = GradientRule.Default },
            new("targets", "*S", "Labels y, or soft labels between 0 and 1.") { Domain = Domain.Probability },
        ],
        Items = "*S",
        Parameters = [Bins],
        HasHessian = false,
        SamplesMeet = true,
        Edges =
        [
            "n is how many of the M items share an item's bin, B how many bins hold any: constants of the gradient.",
            "A masked item is in no bin. The moving average of mmdetection's momentum is the caller's to keep.",
        ],
        Presets = [new("mmdet", ("bins", "10"))],
        Examples =
        [
            new("simple", "Three easy examples and a hard one, which counts as much as all of them.",
                """{"logits":[[4.0,3.5],[3.8,-2.0]],"targets":[[1,1],[1,1]]}"""),
        ],
    };

    public static GhmC Configure(Settings settings) => new((int)settings[Bins]);

    public static Tensor? Balance<T>(GhmC loss, LossRequest request, ItemPlan<T> plan, TensorPool pool)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        Tensor factors = Tensor.Rent(pool, new Shape(plan.Items), Element.Float64);
        Span<int> counts = stackalloc int[BinsMax];
        counts.Clear();
        Tensor logits = request.Tensor(0)!;
        Tensor targets = request.Tensor(1)!;
        int filled = 0;
        for (int item = 0; item < plan.Items; item++)
        {
            int bin = loss.BinOf(logits.ValueAt(item), targets.ValueAt(item));
            factors.Float64[item] = bin;
            if (!plan.IsLeftOut(item))
            {
                filled += counts[bin]++ == 0 ? 1 : 0;
            }
        }

        double items = plan.Items - plan.LeftOut;
        foreach (ref double factor in factors.Float64)
        {
            int count = counts[(int)factor];
            factor = count == 0 ? 0 : items / ((double)filled * count);
        }

        return factors;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Loss<V>(V x, V y) where V : struct, ILane<V>
    {
        Logistic<V> logistic = V.Logistic(x);
        V isPositive = x > 0;
        V softplus = V.Select(isPositive, logistic.SoftplusOfMinus, logistic.Softplus);
        V against = V.Select(isPositive, 1.0 - y, y); // the label's share in the term that grows with |x|
        return softplus + V.ZeroTimes(against, V.Select(isPositive, x, -x));
    }

    private int BinOf(double x, double y)
    {
        double gradient = Math.Abs(ScalarLane.Logistic(x).Sigmoid.Value - y);
        return double.IsNaN(gradient) ? 0 : Math.Min(bins - 1, (int)(gradient * bins));
    }
}
