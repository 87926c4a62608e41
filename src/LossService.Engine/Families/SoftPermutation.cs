using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How a soft permutation is made.</summary>
/// <param name="Temperature">How soft: towards 0 it sorts.</param>
/// <param name="Iterations">How often rows and columns are scaled to a sum of 1, at most.</param>
/// <param name="Tolerance">How near to 1 all sums must be to end before that.</param>
/// <param name="RowsFirst">True where an iteration scales rows, then columns; else the other way round.</param>
internal readonly record struct SortOptions(double Temperature, int Iterations, double Tolerance, bool RowsFirst);

/// <summary>A matrix that sorts a list softly, a row a rank: NeuralSort (Grover et al., 2019), scaled towards row and
/// column sums of 1 (Sinkhorn, 1964), and the way of a gradient back to the scores; O(L²) memory.</summary>
/// <remarks>Of each scaling only the sums are kept: multiplied back, they give the matrix before it.</remarks>
internal readonly ref struct SoftPermutation
{
    private const int LineRoom = 1;
    private const int ProductsRoom = 2;
    private const int MatrixRoom = 3;
    private const int SlopesRoom = 4;
    private const int SumsRoom = 5;
    private const double SumMin = 1e-10; // below it a sum divides as this, and has no slope

    private readonly RankedList _list;
    private readonly SortOptions _options;
    private readonly int _length;
    private readonly int _stride;
    private readonly Span<double> _matrix;
    private readonly Span<double> _slopes;
    private readonly Span<double> _sums;
    private readonly Span<double> _line;
    private readonly Span<double> _products;

    /// <summary>Takes the room for a list's matrix, in rooms from 1 on.</summary>
    public SoftPermutation(in RankedList list, SortOptions options)
    {
        _list = list;
        _options = options;
        _length = list.Length;
        _stride = (_length + DoubleLane.Count - 1) / DoubleLane.Count * DoubleLane.Count;
        _line = list.Room<double>(LineRoom, _stride)[.._stride];
        _products = list.Room<double>(ProductsRoom, _stride)[.._stride];
        _matrix = list.Room<double>(MatrixRoom, _length * _stride)[..(_length * _stride)];
        _slopes = list.Room<double>(SlopesRoom, _length * _stride)[..(_length * _stride)];
        int sums = 2 * options.Iterations * _stride;
        _sums = list.Room<double>(SumsRoom, sums)[..sums];
    }

    /// <summary>How much of each element stands at a rank, the first being 0; padded to whole lanes.</summary>
    public Span<double> Row(int rank) => _matrix.Slice(rank * _stride, _stride);

    /// <summary>The loss's slopes on <see cref="Row"/>, to be written before <see cref="Differentiate"/>.</summary>
    public Span<double> SlopesOf(int rank) => _slopes.Slice(rank * _stride, _stride);

    /// <summary>Sorts and scales.</summary>
    /// <returns>How many iterations the scaling took.</returns>
    public int Fill()
    {
        var pace = new Pace(_list.Workshop);
        Sort(ref pace);
        for (int iteration = 0; iteration < _options.Iterations; iteration++)
        {
            for (int half = 0; half < 2; half++)
            {
                pace.Count(_length * _length);
                Span<double> sums = SumsOf(iteration, half);
                bool rows = IsOfRows(half);
                Sum(rows, _matrix, default, sums);
                Scale(rows, sums, divides: true);
            }

            if (IsSettled(rows: true) && IsSettled(rows: false))
            {
                return iteration + 1;
            }
        }

        return _options.Iterations;
    }

    /// <summary>Takes the slopes back through all that <see cref="Fill"/> did, to those of the list's scores.</summary>
    public void Differentiate(int iterations)
    {
        var pace = new Pace(_list.Workshop);
        for (int step = (2 * iterations) - 1; step >= 0; step--)
        {
            pace.Count(_length * _length);
            ThroughScale(IsOfRows(step % 2), SumsOf(step / 2, step % 2));
        }

        ThroughSort(ref pace);
    }

    private bool IsOfRows(int half) => half == (_options.RowsFirst ? 0 : 1);

    private Span<double> SumsOf(int iteration, int half) => _sums.Slice(((2 * iteration) + half) * _stride, _stride);

    // Rank i has the softmax over elements j of ((L - 1 - 2i) s_j - Σ_k |s_j - s_k|) / T.
    private void Sort(ref Pace pace)
    {
        ReadOnlySpan<double> scores = _list.Scores[.._length];
        Span<double> gaps = _products[.._length];
        for (int j = 0; j < _length; j++)
        {
            pace.Count(_length);
            double sum = 0;
            foreach (double other in scores)
            {
                sum += Math.Abs(scores[j] - other);
            }

            gaps[j] = sum;
        }

        for (int rank = 0; rank < _length; rank++)
        {
            pace.Count(_length);
            double slant = _length - 1 - (2 * rank);
            for (int j = 0; j < _length; j++)
            {
                _line[j] = ((slant * scores[j]) - gaps[j]) / _options.Temperature;
            }

            ListSoftmax.Softmax(_line[.._length], Row(rank)[.._length]);
            Row(rank)[_length..].Clear();
        }
    }

    // p (g - Σ p g) row by row, in differences to the likeliest element's g, whose own slope is what the others leave:
    // a row's slopes sum to 0, or far elements would owe something to rounding. Then every gap's sign twice, and the
    // slant.
    private void ThroughSort(ref Pace pace)
    {
        Span<double> onGaps = _products[.._length];
        onGaps.Clear();
        for (int rank = 0; rank < _length; rank++)
        {
            pace.Count(_length);
            Span<double> p = Row(rank)[.._length];
            Span<double> slopes = SlopesOf(rank)[.._length];
            int top = Math.Max(0, Rows.IndexOf<double, DoubleLane>(p, Rows.Max<double, DoubleLane>(p)));
            double anchor = slopes[top];
            double mean = 0;
            for (int j = 0; j < _length; j++)
            {
                mean += p[j] * (slopes[j] - anchor);
            }

            double others = 0;
            for (int j = 0; j < _length; j++)
            {
                slopes[j] = j == top ? 0 : p[j] * (slopes[j] - anchor - mean) / _options.Temperature;
                others += slopes[j];
            }

            slopes[top] = -others;
            double slant = _length - 1 - (2 * rank);
            for (int j = 0; j < _length; j++)
            {
                onGaps[j] -= slopes[j];
                _list.Slopes[j] += slant * slopes[j];
            }
        }

        ReadOnlySpan<double> scores = _list.Scores[.._length];
        for (int j = 0; j < _length; j++)
        {
            pace.Count(_length);
            double sum = 0;
            for (int k = 0; k < _length; k++)
            {
                double both = onGaps[j] + onGaps[k];
                sum += scores[j] > scores[k] ? both : scores[j] < scores[k] ? -both : 0;
            }

            _list.Slopes[j] += sum;
        }
    }

    // B = A / Σ A: the slope on A is (g - Σ g B) / Σ A, and A is B · Σ A again.
    private void ThroughScale(bool rows, ReadOnlySpan<double> sums)
    {
        Sum(rows, _slopes, _matrix, _line);
        for (int i = 0; i < _length; i++)
        {
            _line[i] = sums[i] < SumMin ? 0 : _line[i];
        }

        for (int rank = 0; rank < _length; rank++)
        {
            Span<double> slopes = SlopesOf(rank);
            for (int i = 0; i < _stride; i += DoubleLane.Count)
            {
                DoubleLane common = rows ? _line[rank] : Load(_line, i);
                DoubleLane sum = rows ? Divisor(sums[rank]) : Divisor(Load(sums, i));
                Store((Load(slopes, i) - common) / sum, slopes, i);
            }

            slopes[_length..].Clear(); // the padding's sum is 0, by which it would grow without end
        }

        Scale(rows, sums, divides: false);
    }

    // The sum of each row or column, of the products with another matrix where there is one.
    private void Sum(bool rows, ReadOnlySpan<double> matrix, ReadOnlySpan<double> other, Span<double> sums)
    {
        sums.Clear();
        for (int rank = 0; rank < _length; rank++)
        {
            ReadOnlySpan<double> row = matrix.Slice(rank * _stride, _stride);
            ReadOnlySpan<double> factors = other.IsEmpty ? default : other.Slice(rank * _stride, _stride);
            DoubleLane sum = 0;
            for (int i = 0; i < _stride; i += DoubleLane.Count)
            {
                DoubleLane part = factors.IsEmpty ? Load(row, i) : Load(row, i) * Load(factors, i);
                if (rows)
                {
                    sum += part;
                }
                else
                {
                    Store(Load(sums, i) + part, sums, i);
                }
            }

            sums[rank] = rows ? Fold(sum) : sums[rank];
        }
    }

    private void Scale(bool rows, ReadOnlySpan<double> sums, bool divides)
    {
        for (int rank = 0; rank < _length; rank++)
        {
            Span<double> row = Row(rank);
            for (int i = 0; i < _stride; i += DoubleLane.Count)
            {
                DoubleLane sum = rows ? Divisor(sums[rank]) : Divisor(Load(sums, i));
                Store(divides ? Load(row, i) / sum : Load(row, i) * sum, row, i);
            }
        }
    }

    private bool IsSettled(bool rows)
    {
        Sum(rows, _matrix, default, _line);
        foreach (double sum in _line[.._length])
        {
            if (!(Math.Abs(sum - 1) < _options.Tolerance))
            {
                return false;
            }
        }

        return true;
    }

    private static DoubleLane Divisor(DoubleLane sum) => DoubleLane.Select(sum < SumMin, SumMin, sum);

    private static DoubleLane Load(ReadOnlySpan<double> numbers, int i) =>
        DoubleLane.Load(ref MemoryMarshal.GetReference(numbers), i);

    private static void Store(DoubleLane lane, Span<double> numbers, int i) =>
        DoubleLane.Store(lane, ref MemoryMarshal.GetReference(numbers), i);

    private static double Fold(DoubleLane lane)
    {
        Span<double> parts = stackalloc double[DoubleLane.Count];
        Store(lane, parts, 0);
        return (parts[0] + parts[2]) + (parts[1] + parts[3]);
    }
}
