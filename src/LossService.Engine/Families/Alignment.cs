using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>All alignments of one sequence of labels with the steps it is read from (Graves et al., 2006): labels with
/// a blank before, between and behind them are states; each step stays, moves on, or skips a blank between two
/// different labels.</summary>
/// <remarks>Logarithms throughout, since probabilities of long sequences vanish; each row less its largest, since far
/// from 0 a logarithm has no digits left for what the row's states differ in. A row of states is computed in
/// vectors; two states that are -Infinity stand before each row, and room for a vector behind it.</remarks>
internal readonly ref struct Alignment
{
    private const int Before = 2;

    private readonly ReadOnlySpan<int> _labels;
    private readonly int _blank;
    private readonly int _stride;
    private readonly Span<double> _reached; // log-probability of reaching a state at a step, that step's class included
    private readonly Span<double> _emitted; // log-probability of each state's class at one step
    private readonly Span<double> _skips; // 0 where a state may be reached from two before, else -Infinity
    private readonly Span<double> _left; // log-probability of getting from a state to the end
    private readonly Span<double> _ahead; // the same with the next step's class
    private readonly Span<double> _shares; // how likely each state is at one step
    private readonly Span<double> _taken; // what was taken from the rows so far

    public Alignment(Scratch scratch, int firstSlot, ReadOnlySpan<int> labels, int blank, int steps)
    {
        _labels = labels;
        _blank = blank;
        States = (2 * labels.Length) + 1;
        _stride = Before + States + DoubleLane.Count;
        _reached = scratch.Take<double>(firstSlot, (long)_stride * steps);
        _emitted = scratch.Take<double>(firstSlot + 1, _stride)[.._stride];
        _skips = scratch.Take<double>(firstSlot + 2, _stride)[.._stride];
        _left = scratch.Take<double>(firstSlot + 3, _stride)[.._stride];
        _ahead = scratch.Take<double>(firstSlot + 4, _stride)[.._stride];
        _shares = scratch.Take<double>(firstSlot + 5, _stride)[..States];
        _taken = scratch.Take<double>(firstSlot + 6, 1)[..1];
        _taken.Clear();
        _emitted.Fill(double.NegativeInfinity);
        _skips.Fill(double.NegativeInfinity);
        for (int state = 3; state < States; state += 2)
        {
            bool differs = labels[state / 2] != labels[(state / 2) - 1];
            _skips[Before + state] = differs ? 0 : double.NegativeInfinity;
        }
    }

    /// <summary>How many states there are: twice the labels and one.</summary>
    public int States { get; }

    /// <summary>True when a step count suffices: one for each label, and a blank between equal ones.</summary>
    public static bool Fits(ReadOnlySpan<int> labels, int steps)
    {
        int needed = labels.Length;
        for (int i = 1; i < labels.Length; i++)
        {
            needed += labels[i] == labels[i - 1] ? 1 : 0;
        }

        return needed <= steps;
    }

    /// <summary>The class of a state.</summary>
    public int ClassOf(int state) => state % 2 == 0 ? _blank : _labels[state / 2];

    /// <summary>Takes one step forward from the one before, with the log-probabilities of the classes at it.</summary>
    public void Forward(int step, ReadOnlySpan<double> logs)
    {
        Span<double> row = Row(step);
        row[..Before].Fill(double.NegativeInfinity);
        Emit(logs);
        if (step == 0)
        {
            row[Before..].Fill(double.NegativeInfinity);
            _emitted.Slice(Before, Math.Min(2, States)).CopyTo(row[Before..]);
            _taken[0] += Lower(row.Slice(Before, States));
            return;
        }

        ref double from = ref MemoryMarshal.GetReference(Row(step - 1));
        ref double to = ref MemoryMarshal.GetReference(row);
        ref double emitted = ref MemoryMarshal.GetReference(_emitted);
        ref double skips = ref MemoryMarshal.GetReference(_skips);
        for (int i = Before; i < Before + States; i += DoubleLane.Count)
        {
            DoubleLane skip = DoubleLane.Load(ref from, i - 2) + DoubleLane.Load(ref skips, i);
            DoubleLane sum = LogAdd(DoubleLane.Load(ref from, i), DoubleLane.Load(ref from, i - 1), skip);
            DoubleLane.Store(sum + DoubleLane.Load(ref emitted, i), ref to, i);
        }

        row[(Before + States)..].Fill(double.NegativeInfinity);
        _taken[0] += Lower(row.Slice(Before, States));
    }

    /// <summary>The log-probability of all alignments, after the last step forward.</summary>
    public double Total(int steps)
    {
        ReadOnlySpan<double> last = Row(steps - 1).Slice(Before, States);
        double end = last[^1];
        double before = States > 1 ? last[^2] : double.NegativeInfinity;
        (double more, double less) = end > before ? (end, before) : (before, end);
        return double.IsNegativeInfinity(more)
            ? more
            : _taken[0] + (more + ScalarLane.Log1p(ScalarLane.Exp(less - more).Value).Value);
    }

    /// <summary>Takes one step backward and adds the probability of each class at it, given the labels, to
    /// <paramref name="occupancy"/>. The steps come from the last to the first.</summary>
    public void Backward(int step, int steps, Span<double> occupancy)
    {
        ref double ahead = ref MemoryMarshal.GetReference(_ahead);
        ref double left = ref MemoryMarshal.GetReference(_left);
        ref double skips = ref MemoryMarshal.GetReference(_skips);
        if (step == steps - 1)
        {
            _left.Fill(double.NegativeInfinity);
            _left.Slice(Before + Math.Max(0, States - 2), Math.Min(2, States)).Clear();
        }
        else
        {
            for (int i = Before; i < Before + States; i += DoubleLane.Count)
            {
                DoubleLane skip = DoubleLane.Load(ref ahead, i + 2) + DoubleLane.Load(ref skips, i + 2);
                DoubleLane.Store(
                    LogAdd(DoubleLane.Load(ref ahead, i), DoubleLane.Load(ref ahead, i + 1), skip), ref left, i);
            }
        }

        ReadOnlySpan<double> reached = Row(step).Slice(Before, States);
        for (int state = 0; state < States; state++)
        {
            _shares[state] = reached[state] + _left[Before + state];
        }

        Rows.Exp<double, DoubleLane>(_shares, Rows.Max<double, DoubleLane>(_shares), 1, _shares);
        double sum = Sums.OfBlock<double>(_shares);
        for (int state = 0; state < States; state++)
        {
            occupancy[ClassOf(state)] += _shares[state] / sum;
        }
    }

    /// <summary>Takes the log-probabilities of the classes at a step into what the step before it will ask
    /// for.</summary>
    public void Prepare(ReadOnlySpan<double> logs)
    {
        Emit(logs);
        for (int i = Before; i < Before + States; i++)
        {
            _ahead[i] = _left[i] + _emitted[i];
        }

        _ahead[(Before + States)..].Fill(double.NegativeInfinity);
        Lower(_ahead.Slice(Before, States));
    }

    // Subtracts the largest of a row, and says what that was; a row that nothing reaches stays as it is.
    private static double Lower(Span<double> row)
    {
        double most = Rows.Max<double, DoubleLane>(row);
        if (!double.IsFinite(most))
        {
            return 0;
        }

        for (int i = 0; i < row.Length; i++)
        {
            row[i] -= most;
        }

        return most;
    }

    private Span<double> Row(int step) => _reached.Slice(step * _stride, _stride);

    private void Emit(ReadOnlySpan<double> logs)
    {
        for (int state = 0; state < States; state++)
        {
            _emitted[Before + state] = logs[ClassOf(state)];
        }
    }

    // Where all three are -Infinity so is the sum, which their differences would not say.
    private static DoubleLane LogAdd(DoubleLane a, DoubleLane b, DoubleLane c)
    {
        DoubleLane most = DoubleLane.Max(DoubleLane.Max(a, b), c);
        DoubleLane sum = DoubleLane.Exp(a - most) + DoubleLane.Exp(b - most) + DoubleLane.Exp(c - most);
        return DoubleLane.Select(
            DoubleLane.Same(most, double.NegativeInfinity), most, most + DoubleLane.Log(sum));
    }
}
