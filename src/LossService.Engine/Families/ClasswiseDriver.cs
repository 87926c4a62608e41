using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a classwise loss over groups of rows: every class of the group as one long list through the kernel,
/// then row by row the sum and what belongs to the item.</summary>
/// <remarks>A row's numbers depend on its own elements alone: lanes are elementwise, and its sum has a fixed
/// order.</remarks>
internal sealed class ClasswiseDriver<TLoss, T, V> : Driver, IDisposable
    where TLoss : struct, IClasswiseLoss<TLoss>
    where T : unmanaged, INumberBase<T>
    where V : struct, IVectorLane<V, T>
{
    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly ItemPlan<T> _plan;
    private readonly RowLayout _layout;
    private readonly Tensor _scores;
    private readonly Tensor? _numbers;
    private readonly Tensor? _labels;
    private readonly Tensor? _qualities;
    private readonly Broadcast _qualityAt;
    private readonly Tensor? _classWeights;
    private readonly int _targetPlace;
    private readonly double _scale;
    private readonly Tensor _partials;

    public ClasswiseDriver(TLoss loss, LossRequest request, LossResult result, ItemPlan<T> plan, Workshop workshop)
    {
        _loss = loss;
        _result = result;
        _plan = plan;
        _layout = new(request.Solution!);
        _scores = request.Tensor(0)!;
        _targetPlace = request.Card.PlaceOfInput("targets");
        bool byLabel = request.Solution!.Form(_targetPlace)!.Kind == InputKind.Label;
        _labels = byLabel ? request.LabelTensor(_targetPlace) : null;
        _numbers = byLabel ? null : request.Tensor(_targetPlace);
        int qualities = request.Card.PlaceOfInput("scores");
        _qualities = qualities < 0 ? null : request.Tensor(qualities);
        _qualityAt = Broadcast.Of(_qualities, request.Solution.Items);
        int weight = request.Card.PlaceOfInput(Common.WeightName);
        bool byClass = weight >= 0 && request.Card.Inputs[weight].Forms[0].Pattern.Symbols is ["C"];
        _classWeights = byClass ? request.Tensor(weight) : null;
        _scale = TLoss.Averages ? 1.0 / Math.Max(1, _layout.Classes) : 1;
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        _partials = Tensor.Rent(workshop.Pool, new Shape(Blocks), Element.Float64);
    }

    public override int Blocks => _layout.Blocks;

    /// <summary>The sum of each block's items.</summary>
    public Span<double> Partials => _partials.Float64;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _layout.RowsPerBlock;
        int rows = Math.Min(_layout.RowsPerBlock, _layout.Rows - start);
        int count = rows * _layout.Classes;
        Span<T> x = scratch.Take<T>(0, count);
        Span<T> y = scratch.Take<T>(1, count);
        Span<T> costs = scratch.Take<T>(2, count);
        Span<T> slopes = scratch.Take<T>(3, count);
        Span<T> curves = scratch.Take<T>(4, count);
        var factors = new Factors(scratch, rows);
        _plan.Fill(start, factors.Weights, factors.Coefficients, factors.Curvatures);
        for (int r = 0; r < rows; r++)
        {
            Span<T> own = x.Slice(r * _layout.Classes, _layout.Classes);
            _layout.Read(_scores, start + r, own).CopyTo(own);
            Target(start + r, y.Slice(r * _layout.Classes, _layout.Classes));
        }

        bool hasCosts = Differentiate<First>(0, start, count, x, y, costs, slopes, curves, factors)
            | Differentiate<Second>(_targetPlace, start, count, x, y, costs, slopes, curves, factors);
        if (!hasCosts)
        {
            Values(count, x, y, costs);
        }

        Items(block, start, rows, costs, scratch, factors.Weights);
    }

    public void Dispose() => _partials.Dispose();

    private void Target(int row, Span<T> y)
    {
        if (_numbers is not null)
        {
            _layout.Read(_numbers, row, y).CopyTo(y);
            return;
        }

        int label = _labels!.Label[row];
        T own = _qualities is null ? T.One : _qualities.Values<T>()[_qualityAt.At(row)];
        if (TLoss.Encoding == ClassEncoding.Cumulative)
        {
            int reached = Math.Clamp(label, 0, y.Length); // the label of a masked row may be anything
            y[..reached].Fill(T.One);
            y[reached..].Clear();
            return;
        }

        y.Clear();
        if (label >= 0 && label < y.Length)
        {
            y[label] = own;
        }
    }

    private void Items(int block, int start, int rows, Span<T> costs, Scratch scratch, ReadOnlySpan<T> weights)
    {
        Span<double> items = scratch.Take<double>(8, rows)[..rows];
        for (int r = 0; r < rows; r++)
        {
            double item = 0;
            if (!_plan.IsLeftOut(start + r))
            {
                Span<T> row = costs.Slice(r * _layout.Classes, _layout.Classes);
                Weigh(row);
                item = _scale * Sums.OfBlock<T>(row) * double.CreateTruncating(weights[r]);
            }

            items[r] = item;
            if (_result.Losses is not null)
            {
                _result.Losses.Values<T>()[start + r] = T.CreateTruncating(item);
            }
        }

        _partials.Float64[block] = Sums.OfBlock<double>(items);
    }

    private bool Differentiate<TSeed>(
        int place, int start, int count, Span<T> x, Span<T> y, Span<T> costs, Span<T> slopes, Span<T> curves,
        in Factors factors)
        where TSeed : struct, ISeed
    {
        if (_result.Gradients[place] is not { } gradient)
        {
            return false;
        }

        if (_result.Hessians[place] is { } hessian)
        {
            Curves<TSeed>(count, x, y, costs, slopes, curves);
            Write(hessian, start, curves, factors.Curvatures);
        }
        else
        {
            Slopes<TSeed>(count, x, y, costs, slopes);
        }

        Write(gradient, start, slopes, factors.Coefficients);
        return true;
    }

    // Each row times the factor of its item, a row that is left out as zeros.
    private void Write(Tensor destination, int start, Span<T> derivatives, ReadOnlySpan<T> factors)
    {
        for (int r = 0; r < factors.Length; r++)
        {
            Span<T> row = derivatives.Slice(r * _layout.Classes, _layout.Classes);
            if (_plan.IsLeftOut(start + r))
            {
                row.Clear();
            }
            else
            {
                Weigh(row);
                T factor = T.CreateTruncating(_scale * double.CreateTruncating(factors[r]));
                for (int c = 0; c < row.Length; c++)
                {
                    row[c] *= factor;
                }
            }

            row.CopyTo(_layout.Room(destination, start + r, row));
            _layout.Write<T>(destination, start + r, row);
        }
    }

    private void Weigh(Span<T> row)
    {
        if (_classWeights is null)
        {
            return;
        }

        ReadOnlySpan<T> weights = _classWeights.Values<T>();
        for (int c = 0; c < row.Length; c++)
        {
            row[c] *= weights[c];
        }
    }

    private void Values(int count, Span<T> x, Span<T> y, Span<T> costs)
    {
        for (int i = 0; i < count; i += V.Count)
        {
            Store(_loss.Loss(Load(x, i), Load(y, i)), costs, i);
        }
    }

    private void Slopes<TSeed>(int count, Span<T> x, Span<T> y, Span<T> costs, Span<T> slopes)
        where TSeed : struct, ISeed
    {
        for (int i = 0; i < count; i += V.Count)
        {
            Dual<V> cost = _loss.Loss(
                new Dual<V>(Load(x, i), V.Of(TSeed.Operand == 0 ? 1 : 0)),
                new Dual<V>(Load(y, i), V.Of(TSeed.Operand == 1 ? 1 : 0)));
            Store(cost.Value, costs, i);
            Store(cost.Slope, slopes, i);
        }
    }

    private void Curves<TSeed>(int count, Span<T> x, Span<T> y, Span<T> costs, Span<T> slopes, Span<T> curves)
        where TSeed : struct, ISeed
    {
        for (int i = 0; i < count; i += V.Count)
        {
            Dual<Dual<V>> cost = _loss.Loss(
                Twice(Load(x, i), TSeed.Operand == 0), Twice(Load(y, i), TSeed.Operand == 1));
            Store(cost.Value.Value, costs, i);
            Store(cost.Value.Slope, slopes, i);
            Store(cost.Slope.Slope, curves, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dual<Dual<V>> Twice(V value, bool seeded) =>
        new(new(value, V.Of(seeded ? 1 : 0)), new(V.Of(seeded ? 1 : 0), V.Of(0)));

    private static V Load(Span<T> numbers, int i) => V.Load(ref MemoryMarshal.GetReference(numbers), i);

    private static void Store(V lane, Span<T> numbers, int i) =>
        V.Store(lane, ref MemoryMarshal.GetReference(numbers), i);

    /// <summary>What the items of a group are multiplied by.</summary>
    private readonly ref struct Factors(Scratch scratch, int rows)
    {
        public Span<T> Weights { get; } = scratch.Take<T>(5, rows)[..rows];

        public Span<T> Coefficients { get; } = scratch.Take<T>(6, rows)[..rows];

        public Span<T> Curvatures { get; } = scratch.Take<T>(7, rows)[..rows];
    }
}
