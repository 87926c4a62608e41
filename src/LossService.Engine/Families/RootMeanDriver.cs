using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a root of a mean of squares: a first pass sums the squares of each item, a second gives every element
/// its share of the slope. All in doubles.</summary>
/// <remarks>A part is an item, or a piece of a long one; a block is a long part or many short ones. Where squares leave
/// the range of doubles the differences are scaled by a power of two and summed once more.</remarks>
internal sealed class RootMeanDriver<T> : Driver, IDisposable
    where T : unmanaged, INumberBase<T>
{
    private const double SquareMin = 1e-280; // squares that matter beside a larger one are no subnormals
    private const double SquareMax = 1e+300;
    private const int Kinds = 7; // of numbers an item

    private readonly LossResult _result;
    private readonly ItemPlan<double> _plan;
    private readonly Tensor _x;
    private readonly Tensor _y;
    private readonly Tensor? _weight;
    private readonly int _length;
    private readonly int _partsPerItem;
    private readonly int _partsPerBlock;
    private readonly Tensor _numbers;
    private Step _step = Step.Sum;

    public RootMeanDriver(LossRequest request, LossResult result, ItemPlan<double> plan, Workshop workshop)
    {
        _result = result;
        _plan = plan;
        _x = request.Tensor(0)!;
        _y = request.Tensor(1)!;
        _weight = request.Tensor(request.Card.PlaceOfInput(Common.WeightName));
        _length = plan.Items == 0 ? 0 : _x.Shape.Elements / plan.Items;
        _partsPerItem = Math.Max(1, (_length + BlockItems - 1) / BlockItems);
        _partsPerBlock = Math.Max(1, BlockItems / Math.Max(1, _length));
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _numbers = Tensor.Rent(workshop.Pool, new Shape((Kinds * plan.Items) + (2 * Parts)), Element.Float64);
        Scales.Fill(1);
    }

    private enum Step
    {
        Sum,
        Largest,
        Differentiate,
    }

    public override int Blocks => (Parts + _partsPerBlock - 1) / _partsPerBlock;

    private int Parts => _plan.Items * _partsPerItem;

    private Span<double> Totals => Kind(0); // Σ w d²

    private Span<double> Weights => Kind(1); // Σ w

    private Span<double> Scales => Kind(2); // what differences are multiplied by

    private Span<double> Factors => Kind(3);

    private Span<double> Coefficients => Kind(4);

    private Span<double> Curvatures => Kind(5);

    private Span<double> Losses => Kind(6);

    private Span<double> PartTotals => _numbers.Float64.Slice(Kinds * _plan.Items, Parts);

    private Span<double> PartWeights => _numbers.Float64.Slice((Kinds * _plan.Items) + Parts, Parts);

    /// <summary>Sums up every item, and leaves those out that have no element of any weight.</summary>
    public void Measure(Workshop workshop)
    {
        RunAll(workshop);
        Gather();
        if (NeedsScales())
        {
            _step = Step.Largest;
            RunAll(workshop);
            ChooseScales();
            _step = Step.Sum;
            RunAll(workshop);
            Gather();
        }

        for (int item = 0; item < _plan.Items; item++)
        {
            if (!_plan.IsLeftOut(item) && Weights[item] == 0)
            {
                _plan.LeaveOut(item);
            }
        }
    }

    /// <summary>Takes the roots, writes the gradients, reduces, and says what the caller should know.</summary>
    public void Finish(Workshop workshop)
    {
        _plan.Fill(0, Factors, Coefficients, Curvatures);
        int exact = 0;
        for (int item = 0; item < _plan.Items; item++)
        {
            bool leftOut = _plan.IsLeftOut(item);
            double root = Math.Sqrt(Totals[item] / Weights[item]) / Scales[item];
            Losses[item] = leftOut ? 0 : Factors[item] * root;
            exact += !leftOut && Totals[item] == 0 ? 1 : 0;
        }

        _step = Step.Differentiate;
        RunAll(workshop);
        if (_result.Losses is not null)
        {
            Rows.Narrow(Losses, _result.Losses.Values<T>());
        }

        Span<double> sum = [Sums.OfBlock<double>(Losses)];
        _plan.Finish(_result, sum);
        if (exact > 0)
        {
            _result.Notes.Add(new("zero_residual", "Items without any error sit on the root's corner: their slope is taken as 0.")
            {
                Count = exact,
            });
        }
    }

    public override void Run(int block, Scratch scratch)
    {
        int last = Math.Min(Parts, (block + 1) * _partsPerBlock);
        for (int part = block * _partsPerBlock; part < last; part++)
        {
            int item = part / _partsPerItem;
            int from = part % _partsPerItem * BlockItems;
            var at = new Part(scratch, (item * _length) + from, Math.Min(BlockItems, _length - from));
            if (_step == Step.Differentiate)
            {
                Differentiate(item, at);
            }
            else if (_plan.IsLeftOut(item))
            {
                PartTotals[part] = PartWeights[part] = 0;
            }
            else
            {
                Read(item, at);
                PartTotals[part] = _step == Step.Largest ? Largest(at.Errors) : SumOfSquares(at);
                PartWeights[part] = Sums.OfBlock<double>(at.Weights);
            }
        }
    }

    public void Dispose() => _numbers.Dispose();

    private Span<double> Kind(int kind) => _numbers.Float64.Slice(kind * _plan.Items, _plan.Items);

    // The differences of a part, scaled; 0 where the weight is 0, whatever stands there.
    private void Read(int item, in Part at)
    {
        Rows.Widen<T>(_x.Values<T>().Slice(at.Start, at.Count), at.Errors);
        Rows.Widen<T>(_y.Values<T>().Slice(at.Start, at.Count), at.Room);
        if (_weight is null)
        {
            at.Weights.Fill(1);
        }
        else
        {
            Rows.Widen<T>(_weight.Values<T>().Slice(at.Start, at.Count), at.Weights);
        }

        double scale = Scales[item];
        for (int i = 0; i < at.Count; i++)
        {
            at.Errors[i] = at.Weights[i] == 0 ? 0 : scale == 1 ? at.Errors[i] - at.Room[i]
                : (at.Errors[i] * scale) - (at.Room[i] * scale);
        }
    }

    private static double SumOfSquares(in Part at)
    {
        for (int i = 0; i < at.Count; i++)
        {
            at.Room[i] = at.Weights[i] * (at.Errors[i] * at.Errors[i]);
        }

        return Sums.OfBlock<double>(at.Room);
    }

    private static double Largest(ReadOnlySpan<double> errors)
    {
        double largest = 0;
        foreach (double error in errors)
        {
            largest = Math.Max(largest, Math.Abs(error)); // NaN wins
        }

        return largest;
    }

    private void Gather()
    {
        for (int item = 0; item < _plan.Items; item++)
        {
            Totals[item] = Sums.OfPartials(PartTotals.Slice(item * _partsPerItem, _partsPerItem));
            Weights[item] = Sums.OfPartials(PartWeights.Slice(item * _partsPerItem, _partsPerItem));
        }
    }

    private bool NeedsScales()
    {
        foreach (double total in Totals)
        {
            if (total is > SquareMax or < SquareMin) // also 0, which may be an underflow
            {
                return true;
            }
        }

        return false;
    }

    private void ChooseScales()
    {
        for (int item = 0; item < _plan.Items; item++)
        {
            double largest = Largest(PartTotals.Slice(item * _partsPerItem, _partsPerItem));
            bool isScaled = Totals[item] is > SquareMax or < SquareMin && largest > 0 && double.IsFinite(largest);
            Scales[item] = isScaled ? Math.ScaleB(1, Math.Clamp(-Math.ILogB(largest), -1000, 1000)) : 1;
        }
    }

    // With m = Σ w d² / Σ w: slope (w / Σ w) d / √m, curvature (w / Σ w) (1 - w d² / Σ w d²) / √m.
    private void Differentiate(int item, in Part at)
    {
        bool isFlat = _plan.IsLeftOut(item) || Totals[item] == 0;
        for (int place = 0; place < 2; place++)
        {
            if (_result.Gradients[place] is not { } gradient)
            {
                continue;
            }

            if (isFlat)
            {
                gradient.Values<T>().Slice(at.Start, at.Count).Clear();
                _result.Hessians[place]?.Values<T>().Slice(at.Start, at.Count).Clear();
                continue;
            }

            Read(item, at);
            double root = Math.Sqrt(Totals[item] / Weights[item]);
            Write(gradient, at, place == 0 ? Coefficients[item] : -Coefficients[item], root, Weights[item]);
            if (_result.Hessians[place] is { } hessian)
            {
                WriteCurves(hessian, at, Curvatures[item] * Scales[item], root, item);
            }
        }
    }

    private static void Write(Tensor gradient, in Part at, double factor, double root, double weights)
    {
        for (int i = 0; i < at.Count; i++)
        {
            at.Room[i] = factor * (at.Weights[i] / weights) * (at.Errors[i] / root);
        }

        Rows.Narrow(at.Room, gradient.Values<T>().Slice(at.Start, at.Count));
    }

    private void WriteCurves(Tensor hessian, in Part at, double factor, double root, int item)
    {
        double total = Totals[item];
        for (int i = 0; i < at.Count; i++)
        {
            double rest = (total - (at.Weights[i] * (at.Errors[i] * at.Errors[i]))) / total;
            at.Room[i] = factor * (at.Weights[i] / Weights[item]) * (rest / root);
        }

        Rows.Narrow(at.Room, hessian.Values<T>().Slice(at.Start, at.Count));
    }

    /// <summary>The working memory of one part.</summary>
    private readonly ref struct Part(Scratch scratch, int start, int count)
    {
        public int Start { get; } = start;

        public int Count { get; } = count;

        public Span<double> Errors { get; } = scratch.Take<double>(0, count)[..count];

        public Span<double> Weights { get; } = scratch.Take<double>(1, count)[..count];

        public Span<double> Room { get; } = scratch.Take<double>(2, count)[..count];
    }
}
