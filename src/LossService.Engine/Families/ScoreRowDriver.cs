using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a loss over rows of scores row by row, from any class axis, in doubles.</summary>
/// <remarks>Scores, their slopes and their curves are of <typeparamref name="TScore"/>: of the request's dtype, unless
/// they were made from its inputs.</remarks>
internal sealed class ScoreRowDriver<TLoss, T, TScore> : Driver, IDisposable
    where TLoss : struct, IScoreRowLoss<TLoss>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TScore : unmanaged, IFloatingPointIeee754<TScore>
{
    private readonly TLoss _loss;
    private readonly LossResult _result;
    private readonly Workshop _workshop;
    private readonly ItemPlan<T> _plan;
    private readonly RowLayout _layout;
    private readonly Tensor _scores;
    private readonly Tensor? _slopes;
    private readonly Tensor? _teacher;
    private readonly Tensor? _labels;
    private readonly Tensor? _numbers;
    private readonly bool _hasSeveral;
    private readonly Tensor? _weight;
    private int _ties;
    private readonly Tensor _sums; // of blocks, and behind them how often each class was seen, where a loss asks

    /// <summary>Slopes go to <paramref name="slopes"/>, which may be the scores themselves.</summary>
    public ScoreRowDriver(
        TLoss loss, Tensor scores, Tensor? slopes, LossRequest request, LossResult result, ItemPlan<T> plan,
        Workshop workshop)
    {
        _loss = loss;
        _result = result;
        _workshop = workshop;
        _plan = plan;
        _layout = new(request.Solution!);
        _scores = scores;
        _slopes = slopes;
        _teacher = TLoss.Teacher is { } teacher ? request.Tensor(teacher) : null;
        int targets = request.Card.PlaceOfInput("targets");
        bool byLabel = targets >= 0 && request.Solution!.Form(targets)!.Kind == InputKind.Label;
        _labels = byLabel ? request.LabelTensor(targets) : null;
        _hasSeveral = _labels is not null && _labels.Shape.Rank == _scores.Shape.Rank;
        _numbers = targets < 0 || byLabel ? null : request.Tensor(targets);
        int weight = request.Card.PlaceOfInput(Common.WeightName);
        _weight = weight < 0 ? null : request.Tensor(weight);
        int classes = TLoss.Counts is null ? 0 : _layout.Classes;
        if (classes > 0)
        {
            result.Outputs[0] = Tensor.Rent(workshop.Pool, new Shape(classes), request.FloatElement);
        }

        // One buffer: a second that cannot be had would leave the first behind.
        _sums = Tensor.Rent(workshop.Pool, new Shape(Blocks + classes), Element.Float64);
        if (classes > 0)
        {
            Count(request.Tensor(TLoss.Counts!));
        }
    }

    public override int Blocks => _layout.Blocks;

    public override void Run(int block, Scratch scratch)
    {
        int start = block * _layout.RowsPerBlock;
        int rows = Math.Min(_layout.RowsPerBlock, _layout.Rows - start);
        int classes = _layout.Views * _layout.Classes;
        Span<double> items = scratch.Take<double>(0, rows)[..rows];
        Span<T> factors = scratch.Take<T>(1, 3 * rows);
        Span<T> weights = factors[..rows];
        Span<T> coefficients = factors.Slice(rows, rows);
        Span<T> curvatures = factors.Slice(2 * rows, rows);
        _plan.Fill(start, weights, coefficients, curvatures);
        Span<double> room = scratch.Take<double>(2, 7 * classes);
        ReadOnlySpan<double> classWeights =
            _weight is null ? default : Read<T>(_weight, 0, 1, room.Slice(6 * classes, _layout.Classes));
        int ties = 0;
        for (int r = 0; r < rows; r++)
        {
            Span<double> slopes = room.Slice(2 * classes, classes);
            Span<double> curves = room.Slice(3 * classes, classes);
            slopes.Clear();
            curves.Clear();
            items[r] = 0;
            if (!_plan.IsLeftOut(start + r))
            {
                bool onCorner = false;
                double item = _loss.Row(RowAt(start + r, room, classWeights, new(ref onCorner)));
                ties += onCorner ? 1 : 0;
                items[r] = item * double.CreateTruncating(weights[r]);
            }

            Write(_slopes, start + r, slopes, double.CreateTruncating(coefficients[r]));
            Write(_result.Hessians[0], start + r, curves, double.CreateTruncating(curvatures[r]));
            if (_result.Losses is not null)
            {
                _result.Losses.Values<T>()[start + r] = T.CreateTruncating(items[r]);
            }
        }

        _sums.Float64[block] = Sums.OfBlock<double>(items);
        Interlocked.Add(ref _ties, ties);
    }

    /// <summary>Reduces, and says what the caller should know.</summary>
    public void Finish()
    {
        _plan.Finish(_result, _sums.Float64[..Blocks]);
        _result.TellTies(_ties, "Items");
    }

    public void Dispose() => _sums.Dispose();

    private Span<double> Counts => _sums.Float64[Blocks..];

    private void Count(Tensor? before)
    {
        Span<double> counts = Counts;
        for (int c = 0; c < _layout.Classes; c++)
        {
            counts[c] = before?.ValueAt(c) ?? 0;
        }

        for (int row = 0; row < _layout.Rows; row++)
        {
            counts[_plan.IsLeftOut(row) ? 0 : _labels!.Label[row]] += _plan.IsLeftOut(row) ? 0 : 1;
        }

        Rows.Narrow<T>(counts, _result.Outputs[0]!.Values<T>());
    }

    // The room holds seven rows: scores, teacher, slopes, curves, two to work in, class weights.
    private ScoreRow RowAt(int row, Span<double> room, ReadOnlySpan<double> classWeights, Span<bool> onCorner)
    {
        int classes = _layout.Views * _layout.Classes;
        int start = _layout.Start(row);
        return new()
        {
            Scores = ReadViews<TScore>(_scores, start, room[..classes]),
            Views = _layout.Views,
            Teacher = _teacher is null ? default : ReadViews<T>(_teacher, start, room.Slice(classes, classes)),
            Weights = classWeights,
            Counts = Counts,
            Label = _labels is null || _hasSeveral ? -1 : _labels.Label[row],
            Labels = _hasSeveral ? _labels!.Label.Slice(start, classes) : default,
            Number = _numbers is null ? double.NaN : double.CreateTruncating(_numbers.Values<T>()[row]),
            Slopes = room.Slice(2 * classes, classes),
            Curves = room.Slice(3 * classes, classes),
            Room = room.Slice(4 * classes, classes),
            MoreRoom = room.Slice(5 * classes, classes),
            Workshop = _workshop,
            OnCorner = onCorner,
        };
    }

    private Span<double> ReadViews<TNumber>(Tensor tensor, int start, Span<double> rows)
        where TNumber : unmanaged, INumberBase<TNumber>
    {
        for (int view = 0; view < _layout.Views; view++)
        {
            Span<double> row = rows.Slice(view * _layout.Classes, _layout.Classes);
            Read<TNumber>(tensor, start + (view * _layout.Table), _layout.Inner, row);
        }

        return rows;
    }

    private static ReadOnlySpan<double> Read<TNumber>(Tensor tensor, int start, int step, Span<double> row)
        where TNumber : unmanaged, INumberBase<TNumber>
    {
        ReadOnlySpan<TNumber> all = tensor.Values<TNumber>();
        for (int c = 0; c < row.Length; c++)
        {
            row[c] = double.CreateTruncating(all[start + (c * step)]);
        }

        return row;
    }

    private void Write(Tensor? tensor, int row, ReadOnlySpan<double> numbers, double factor)
    {
        if (tensor is null)
        {
            return;
        }

        Span<TScore> all = tensor.Values<TScore>();
        int start = _layout.Start(row);
        int place = 0;
        for (int view = 0; view < _layout.Views; view++)
        {
            for (int c = 0; c < _layout.Classes; c++)
            {
                // A factor 0 wins over an infinite slope, as everywhere.
                double number = numbers[place++];
                double value = factor == 0 || number == 0 ? 0 : factor * number;
                all[start + (view * _layout.Table) + (c * _layout.Inner)] = TScore.CreateTruncating(value);
            }
        }
    }
}
