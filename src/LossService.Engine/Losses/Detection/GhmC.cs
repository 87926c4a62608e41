using System.Runtime.CompilerServices;
using LossService.Engine.Cards;
using LossService.Engine.Families;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Losses.Detection;

internal readonly struct GhmC(int bins, double momentum) : IBinaryLoss<GhmC>
{
    private const int BinsMax = 1024;
    private const string Before = "bin_counts";
    private const string LabelWeight = "label_weight";

    private readonly int _bins = bins;
    private readonly double _momentum = momentum;

    private static readonly Parameter Bins = Parameter.Integer(
        "bins", 10, "Into how many parts the gradients from 0 to 1 are sorted.", min: 1, max: BinsMax, lengthOf: "B");

    private static readonly Parameter Momentum = Parameter.Number(
        "momentum", 0, "How much of bin_counts stays beside this batch's counts; 0 forgets them.", min: 0, max: 1, maxOpen: true);

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
            new(LabelWeight, "*S", "Which elements count: those above 0, alike; the others are in no bin and leave the mean.")
            {
                Optional = true,
                Domain = Domain.NonNegative,
            },
            new(Before, "B", "The moving averages of earlier batches' counts, a bin each; absent for none.")
            {
                Optional = true,
                Domain = Domain.NonNegative,
            },
        ],
        Items = "*S",
        CostFactor = 20,
        Parameters = [Bins, Momentum],
        Outputs = [new(Before, "B", InputKind.Number, "The counts with this batch's, for the next request.")],
        HasHessian = false,
        SamplesMeet = true,
        Edges =
        [
            "n is how many of the M items share an item's bin, B how many bins hold any: constants of the gradient.",
            "With momentum m a bin that holds any counts m times its number in bin_counts plus 1 - m times this batch's; a bin without keeps its number.",
            "The service keeps no state: send the bin_counts of an answer with the next request.",
            "A masked item is in no bin.",
        ],
        Presets = [new("mmdet", ("bins", "10"), ("momentum", "0"))],
        Examples =
        [
            new("simple", "Three easy examples and a hard one, which counts as much as all of them.",
                """{"logits":[[4.0,3.5],[3.8,-2.0]],"targets":[[1,1],[1,1]]}"""),
            new("momentum", "The counts of earlier batches, of which three quarters stay.",
                """{"logits":[[4.0,3.5],[3.8,-2.0]],"targets":[[1,1],[1,1]],"bins":4,"momentum":0.75,"bin_counts":[3,0,0,1]}"""),
        ],
    };

    public static GhmC Configure(Settings settings) => new((int)settings[Bins], settings[Momentum]);

    public static Tensor? Balance<T>(GhmC loss, LossResult result, ItemPlan<T> plan, Workshop workshop)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        LossRequest request = result.Request;
        result.Outputs[0] = Tensor.Rent(workshop.Pool, new Shape(loss._bins), request.FloatElement);
        LeaveOut(request.Tensor(LabelWeight), plan);
        Tensor factors = Tensor.Rent(workshop.Pool, new Shape(plan.Items), Element.Float64);
        Span<double> counts = stackalloc double[BinsMax];
        counts.Clear();
        try
        {
            loss.Weigh(result, plan, counts, factors.Float64, workshop);
            return factors;
        }
        catch
        {
            factors.Dispose();
            throw;
        }
    }

    // Puts each item's bin in the place of its factor, and its factor there once all are counted.
    private void Weigh<T>(
        LossResult result, ItemPlan<T> plan, Span<double> counts, Span<double> factors, Workshop workshop)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        LossRequest request = result.Request;
        Tensor logits = request.Tensor(0)!;
        Tensor targets = request.Tensor(1)!;
        var pace = new Pace(workshop);
        int filled = 0;
        for (int item = 0; item < plan.Items; item++)
        {
            pace.Count(1);
            int bin = BinOf(logits.ValueAt(item), targets.ValueAt(item));
            factors[item] = bin;
            if (!plan.IsLeftOut(item))
            {
                filled += counts[bin]++ == 0 ? 1 : 0;
            }
        }

        Blend(request.Tensor(Before), counts[.._bins]);
        Rows.Narrow<T>(counts[.._bins], result.Outputs[0]!.Values<T>());
        double items = plan.Items - plan.LeftOut;
        for (int item = 0; item < plan.Items; item++)
        {
            pace.Count(1);
            double count = counts[(int)factors[item]];
            factors[item] = plan.IsLeftOut(item) ? 0 : items / (filled * count);
        }
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

    private static void LeaveOut<T>(Tensor? labelWeight, ItemPlan<T> plan)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        for (int item = 0; labelWeight is not null && item < plan.Items; item++)
        {
            if (labelWeight.ValueAt(item) == 0)
            {
                plan.LeaveOut(item);
            }
        }
    }

    private int BinOf(double x, double y)
    {
        double gradient = Math.Abs(ScalarLane.Logistic(x).Sigmoid.Value - y);
        return double.IsNaN(gradient) ? 0 : Math.Min(_bins - 1, (int)(gradient * _bins));
    }

    // A bin without any element keeps what it had.
    private void Blend(Tensor? before, Span<double> counts)
    {
        for (int bin = 0; bin < counts.Length; bin++)
        {
            double old = before?.ValueAt(bin) ?? 0;
            counts[bin] = counts[bin] == 0 ? old : (_momentum * old) + ((1 - _momentum) * counts[bin]);
        }
    }
}
