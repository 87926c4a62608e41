using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;
using LossService.Engine.Numerics;

namespace LossService.Engine.Families;

/// <summary>Runs a loss of relations in three steps: the softmax of both sides row by row, with how each row
/// correlates; the columns; and the slopes of both back to the student's logits. All in doubles.</summary>
/// <remarks>An item is a sample: its row's share, and the columns', which all samples have alike. A masked sample
/// leaves the batch altogether.</remarks>
internal sealed class RelationDriver<T> : Driver, IDisposable
    where T : unmanaged, INumberBase<T>
{
    private const int ColumnsPerBlock = 8; // a cache line of doubles
    private const int ColumnKinds = 10; // of numbers a column

    private readonly RelationOptions _options;
    private readonly LossResult _result;
    private readonly ItemPlan<double> _plan;
    private readonly Tensor[] _logits;
    private readonly int _rows;
    private readonly int _classes;
    private readonly int _kept;
    private readonly Tensor _numbers;
    private Step _step = Step.Rows;
    private double _columnFactor;

    public RelationDriver(
        RelationOptions options, LossRequest request, LossResult result, ItemPlan<double> plan, Workshop workshop)
    {
        _options = options;
        _result = result;
        _plan = plan;
        _logits = [request.Tensor(0)!, request.Tensor(1)!];
        _rows = plan.Items;
        _classes = request.Solution!.Length("C");
        _kept = plan.Items - plan.LeftOut;
        Outputs.Rent(request, result, workshop.Pool, withItems: true);
        long length = (2L * _rows * _classes) + (4L * _rows) + ((long)ColumnKinds * _classes);
        _numbers = Tensor.RentVector(workshop.Pool, length, Element.Float64);
        plan.Fill(0, PerRow(0), PerRow(1), PerRow(2));
    }

    private enum Step
    {
        Rows,
        Columns,
        Slopes,
    }

    public override int Blocks => _step == Step.Columns
        ? (_classes + ColumnsPerBlock - 1) / ColumnsPerBlock
        : (_rows + RowsPerBlock - 1) / RowsPerBlock;

    private int RowsPerBlock => Math.Max(1, BlockItems / Math.Max(1, _classes));

    private Span<double> Coefficients => PerRow(1);

    private Span<double> Losses => PerRow(3);

    /// <summary>Runs all steps and finishes the answer.</summary>
    public void RunSteps(Workshop workshop)
    {
        RunAll(workshop);
        _step = Step.Columns;
        RunAll(workshop);
        double columns = Sums.Of(_classes, c => Column(c).Miss) / _classes;
        for (int row = 0; row < _rows; row++)
        {
            bool leftOut = _plan.IsLeftOut(row);
            double loss = (_options.Rows * Losses[row]) + (_options.Columns * columns);
            Losses[row] = leftOut ? 0 : PerRow(0)[row] * _options.Scale * loss;
        }

        _columnFactor = Sums.Of(_rows, row => _plan.IsLeftOut(row) ? 0 : Coefficients[row]);
        if (_result.Gradients[0] is not null)
        {
            _step = Step.Slopes;
            RunAll(workshop);
        }

        if (_result.Losses is not null)
        {
            Rows.Narrow(Losses, _result.Losses.Values<T>());
        }

        Span<double> sum = [Sums.Of<double>(Losses)];
        _plan.Finish(_result, sum);
    }

    public override void Run(int block, Scratch scratch)
    {
        if (_step == Step.Columns)
        {
            MeasureColumns(block * ColumnsPerBlock, scratch);
            return;
        }

        int last = Math.Min(_rows, (block + 1) * RowsPerBlock);
        for (int row = block * RowsPerBlock; row < last; row++)
        {
            if (_step == Step.Slopes)
            {
                Differentiate(row, scratch);
            }
            else if (!_plan.IsLeftOut(row))
            {
                Activate(0, row, scratch);
                Activate(1, row, scratch);
                Losses[row] = RowAt(row, scratch, out _, out _).Miss;
            }
        }
    }

    public void Dispose() => _numbers.Dispose();

    private Span<double> Probabilities(int side, int row) =>
        _numbers.Float64.Slice(((side * _rows) + row) * _classes, _classes);

    private Span<double> PerRow(int kind) => _numbers.Float64.Slice((2 * _rows * _classes) + (kind * _rows), _rows);

    private Span<double> PerColumn(int kind) =>
        _numbers.Float64.Slice((2 * _rows * _classes) + (4 * _rows) + (kind * _classes), _classes);

    private Correlation Column(int c) =>
        new(PerColumn(4)[c], PerColumn(5)[c], PerColumn(6)[c], PerColumn(7)[c], PerColumn(8)[c],
            PerColumn(9)[c] == 1);

    private void Activate(int side, int row, Scratch scratch)
    {
        Span<double> scores = scratch.Take<double>(0, _classes)[.._classes];
        Span<double> p = Probabilities(side, row);
        Rows.Widen<T>(_logits[side].Values<T>().Slice(row * _classes, _classes), scores);
        Span<double> room = scratch.Take<double>(1, _classes)[.._classes];
        var softmax = new RowOfProbabilities(scores, room, 1 / _options.Temperature);
        for (int c = 0; c < _classes; c++)
        {
            p[c] = softmax.Exists ? softmax[c] : double.NaN;
        }
    }

    private Correlation RowAt(int row, Scratch scratch, out Span<double> student, out Span<double> teacher)
    {
        student = scratch.Take<double>(0, _classes)[.._classes];
        teacher = scratch.Take<double>(1, _classes)[.._classes];
        Probabilities(0, row).CopyTo(student);
        Probabilities(1, row).CopyTo(teacher);
        Correlation.Centre(student);
        Correlation.Centre(teacher);
        return Correlation.Of(student, teacher, _options.Eps, scratch.Take<double>(2, _classes)[.._classes]);
    }

    private void Keep(int c, Correlation column)
    {
        (PerColumn(4)[c], PerColumn(5)[c], PerColumn(6)[c], PerColumn(7)[c], PerColumn(8)[c], bool isStraight) = column;
        PerColumn(9)[c] = isStraight ? 1 : 0;
    }

    // Some columns at once, so that a row's cache line is read once for all of them.
    private void MeasureColumns(int first, Scratch scratch)
    {
        int columns = Math.Min(ColumnsPerBlock, _classes - first);
        Span<double> gathered = scratch.Take<double>(0, 2 * columns * _kept)[..(2 * columns * _kept)];
        Span<double> room = scratch.Take<double>(1, _kept)[.._kept];
        for (int row = 0, place = 0; row < _rows; row++)
        {
            if (_plan.IsLeftOut(row))
            {
                continue;
            }

            for (int c = 0; c < columns; c++)
            {
                gathered[(2 * c * _kept) + place] = Probabilities(0, row)[first + c];
                gathered[(((2 * c) + 1) * _kept) + place] = Probabilities(1, row)[first + c];
            }

            place++;
        }

        for (int c = 0; c < columns; c++)
        {
            Span<double> student = gathered.Slice(2 * c * _kept, _kept);
            Span<double> teacher = gathered.Slice(((2 * c) + 1) * _kept, _kept);
            (PerColumn(0)[first + c], PerColumn(1)[first + c]) = Correlation.Centre(student);
            (PerColumn(2)[first + c], PerColumn(3)[first + c]) = Correlation.Centre(teacher);
            Keep(first + c, Correlation.Of(student, teacher, _options.Eps, room));
        }
    }

    // What the row and its columns owe to its probabilities, and these to the logits: p (g - Σ p g), in differences to
    // the likeliest class's g.
    private void Differentiate(int row, Scratch scratch)
    {
        Span<T> destination = _result.Gradients[0]!.Values<T>().Slice(row * _classes, _classes);
        if (_plan.IsLeftOut(row))
        {
            destination.Clear();
            return;
        }

        Correlation own = RowAt(row, scratch, out Span<double> student, out Span<double> teacher);
        Span<double> p = Probabilities(0, row);
        Span<double> other = Probabilities(1, row);
        Span<double> slopes = scratch.Take<double>(2, _classes)[.._classes];
        double ofRow = _options.Rows * Coefficients[row];
        double ofColumns = _options.Columns * _columnFactor / _classes;
        int top = 0;
        for (int c = 0; c < _classes; c++)
        {
            double a = p[c] - PerColumn(0)[c] - PerColumn(1)[c];
            double b = other[c] - PerColumn(2)[c] - PerColumn(3)[c];
            slopes[c] = (ofRow * own.SlopeAt(student[c], teacher[c])) + (ofColumns * Column(c).SlopeAt(a, b));
            top = p[c] > p[top] ? c : top;
        }

        double anchor = slopes[top];
        double mean = 0;
        for (int c = 0; c < _classes; c++)
        {
            mean += p[c] * (slopes[c] - anchor);
        }

        double factor = _options.Scale / _options.Temperature;
        for (int c = 0; c < _classes; c++)
        {
            destination[c] = T.CreateTruncating(factor * (p[c] * (slopes[c] - anchor - mean)));
        }
    }
}
