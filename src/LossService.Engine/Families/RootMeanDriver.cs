using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a root of a mean of squares: a first pass sums the squares of each item, a second gives every element
/// its share of the slope. All in doubles.</summary>
/// <remarks>A part is an item, or a piece of a long one; a block is a long part or many short ones. Where squares leave
/// the range of doubles the differences are scaled by a power of two and summed once more. Items may be as many as
/// elements: what is kept of one is its two sums, and a scale where one is needed.</remarks>
internal sealed class RootMeanDriver<T> : Driver, IDisposable
    where T : unmanaged, INumberBase<T>
{
    private const double SquareMin = 1e-280; // squares that matter beside a larger one are no subnormals
    private const double SquareMax = 1e+300;

    private readonly LossResult _result;
    private readonly ItemPlan<double> _plan;
    private readonly Tensor _x;
    private readonly Tensor _y;
    private readonly Tensor? _weight;
    private readonly int _length;
    private readonly int _partsPerItem;
    private readonly int _partsPerBlock;
    private readonly Tensor _sums;
    private Tensor? _scales;
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
        long sums = plan.Items + (HasLongItems ? (long)Parts : 0);
        _sums = Tensor.RentVector(workshop.Pool, 2 * sums, Element.Float64);
    }

    private enum Step
    {
        Sum,
        Largest,
        Differentiate,
    }

    public override int Blocks => (Parts + _partsPerBlock - 1) / _partsPerBlock;

    private int Parts => _plan.Items * _partsPerItem;

    // The sums of an item that is one part are those of its part.
    private bool HasLongItems => _partsPerItem > 1;

    private Span<double> Totals => Slice(0, _plan.Items); // Σ w d²

    private Span<double> Weights => Slice(_plan.Items, _plan.Items); // Σ w

    private Span<double> PartTotals => HasLongItems ? Slice(2 * _plan.Items, Parts) : Totals;

    private Span<double> PartWeights => HasLongItems ? Slice((2 * _plan.Items) + Parts, Parts) : Weights;

    private Span<double> Scales => _scales!.Float64; // what differences are multiplied by

    private Span<double> PartLargest => HasLongItems ? PartTotals : Scales;

    /// <summary>Sums up every item, and leaves those out that have no element of any weight.</summary>
    public void Measure(Workshop workshop)
    {
        RunAll(workshop);
        Gather();
        if (NeedsScales())
        {
            _scales = Tensor.RentVector(workshop.Pool, _plan.Items, Element.Float64);
            Scales.Fill(1);
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
        _step = Step.Differentiate;
        RunAll(workshop);
        int exact = TakeRoots(workshop);
        if (_result.Losses is not null)
        {
            Rows.Narrow(Totals, _result.Losses.Values<T>());
        }

        Span<double> sum = [Sums.Of<double>(Totals)];
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
        int firstItem = block * _partsPerBlock / _partsPerItem;
        RootMeanFactors factors = _step == Step.Differentiate
            ? FactorsOf(firstItem, ((last - 1) / _partsPerItem) + 1 - firstItem, scratch) : default;
        for (int part = block * _partsPerBlock; part < last; part++)
        {
            int item = part / _partsPerItem;
            int from = part % _partsPerItem * BlockItems;
            var at = new RootMeanPart(scratch, (item * _length) + from, Math.Min(BlockItems, _length - from));
            if (_step == Step.Differentiate)
            {
                Differentiate(item, at, factors.Coefficients[item - firstItem], factors.Curvatures[item - firstItem]);
                continue;
            }

            bool isLeftOut = _plan.IsLeftOut(item);
            if (!isLeftOut)
            {
                Read(item, at);
            }

            if (_step == Step.Largest)
            {
                PartLargest[part] = isLeftOut ? 0 : RootMeanPart.Largest(at.Errors);
            }
            else
            {
                PartTotals[part] = isLeftOut ? 0 : at.SumOfSquares();
                PartWeights[part] = isLeftOut ? 0 : Sums.OfBlock<double>(at.Weights);
            }
        }
    }

    public void Dispose()
    {
        _sums.Dispose();
        _scales?.Dispose();
    }

    private Span<double> Slice(int start, int count) => _sums.Float64.Slice(start, count);

    private double ScaleOf(int item) => _scales is null ? 1 : Scales[item];

    private RootMeanFactors FactorsOf(int first, int count, Scratch scratch)
    {
        var factors = new RootMeanFactors(scratch, count);
        _plan.Fill(first, factors.Weights, factors.Coefficients, factors.Curvatures);
        return factors;
    }

    // Each item's loss takes the place of its total, which nobody needs any more.
    private int TakeRoots(Workshop workshop)
    {
        int exact = 0;
        using var scratch = new Scratch(workshop.Pool);
        for (int start = 0; start < _plan.Items; start += BlockItems)
        {
            RootMeanFactors factors = FactorsOf(start, Math.Min(BlockItems, _plan.Items - start), scratch);
            workshop.Poll();
            for (int i = 0; i < factors.Weights.Length; i++)
            {
                int item = start + i;
                bool leftOut = _plan.IsLeftOut(item);
                double root = Math.Sqrt(Totals[item] / Weights[item]) / ScaleOf(item);
                exact += !leftOut && Totals[item] == 0 ? 1 : 0;
                Totals[item] = leftOut ? 0 : factors.Weights[i] * root;
            }
        }

        return exact;
    }

    // The differences of a part, scaled; 0 where the weight is 0, whatever stands there.
    private void Read(int item, in RootMeanPart at)
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

        double scale = ScaleOf(item);
        for (int i = 0; i < at.Count; i++)
        {
            at.Errors[i] = at.Weights[i] == 0 ? 0 : scale == 1 ? at.Errors[i] - at.Room[i]
                : (at.Errors[i] * scale) - (at.Room[i] * scale);
        }
    }

    private void Gather()
    {
        for (int item = 0; HasLongItems && item < _plan.Items; item++)
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
            double largest = RootMeanPart.Largest(PartLargest.Slice(item * _partsPerItem, _partsPerItem));
            bool isScaled = Totals[item] is > SquareMax or < SquareMin && largest > 0 && double.IsFinite(largest);
            Scales[item] = isScaled ? Math.ScaleB(1, Math.Clamp(-Math.ILogB(largest), -1000, 1000)) : 1;
        }
    }

    // With m = Σ w d² / Σ w: slope (w / Σ w) d / √m, curvature (w / Σ w) (1 - w d² / Σ w d²) / √m.
    private void Differentiate(int item, in RootMeanPart at, double coefficient, double curvature)
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
            Write(gradient, at, place == 0 ? coefficient : -coefficient, root, Weights[item]);
            if (_result.Hessians[place] is { } hessian)
            {
                WriteCurves(hessian, at, curvature * ScaleOf(item), root, item);
            }
        }
    }

    private static void Write(Tensor gradient, in RootMeanPart at, double factor, double root, double weights)
    {
        for (int i = 0; i < at.Count; i++)
        {
            at.Room[i] = factor * (at.Weights[i] / weights) * (at.Errors[i] / root);
        }

        Rows.Narrow(at.Room, gradient.Values<T>().Slice(at.Start, at.Count));
    }

    private void WriteCurves(Tensor hessian, in RootMeanPart at, double factor, double root, int item)
    {
        double total = Totals[item];
        for (int i = 0; i < at.Count; i++)
        {
            double rest = (total - (at.Weights[i] * (at.Errors[i] * at.Errors[i]))) / total;
            at.Room[i] = factor * (at.Weights[i] / Weights[item]) * (rest / root);
        }

        Rows.Narrow(at.Room, hessian.Values<T>().Slice(at.Start, at.Count));
    }
}
