using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The working memory of a group of rows whose targets are labels: a number a row for each statistic, and
/// every row's exponentials, in rows or in columns.</summary>
internal readonly ref struct LabelGroup<T> where T : unmanaged
{
    private const int Slot = 8; // RowGroup has those before it, for a row that needs both
    private const int Statistics = 7;
    private const int Numbers = 8;

    private readonly Span<double> _statistics;
    private readonly Span<T> _numbers;
    private readonly Span<T> _tops;

    /// <param name="scratch">Where memory is taken.</param>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="byColumn">Whether classes are columns, which are padded to whole vectors.</param>
    public LabelGroup(Scratch scratch, int rows, int classes, bool byColumn)
    {
        Rows = rows;
        Stride = (rows + 15) & ~15; // whole vectors, of floats too

        // One lease for everything: a small request costs little more than its leases. Exponentials come last, since
        // only past the end is there room for a whole vector.
        int tops = ((rows * PartsOf(classes)) + 7) & ~7;
        int exps = byColumn ? Stride * Math.Max(classes, Transpose.Side<T>()) : rows * classes;
        int numbers = (Numbers * Stride) + tops + exps;
        int doubles = (Statistics * Stride) + (((numbers * Unsafe.SizeOf<T>()) + 7) / 8);
        Span<double> all = scratch.Take<double>(Slot, doubles);
        _statistics = all[..(Statistics * Stride)];
        _numbers = MemoryMarshal.Cast<double, T>(all[(Statistics * Stride)..]);
        _tops = _numbers.Slice(Numbers * Stride, tops);
        Exps = _numbers[((Numbers * Stride) + tops)..];
    }

    /// <summary>How many rows there are.</summary>
    public int Rows { get; }

    /// <summary>From class to class where classes are columns.</summary>
    public int Stride { get; }

    /// <summary>Every e^(z - top), row after row or class after class.</summary>
    public Span<T> Exps { get; }

    /// <summary>The top that each part of a row was shifted by; the last is the row's own.</summary>
    public Span<T> TopsOf(int r, int classes) => _tops.Slice(r * PartsOf(classes), PartsOf(classes));

    public Span<T> Weights => _numbers[..Rows];

    public Span<T> Coefficients => _numbers.Slice(Stride, Rows);

    public Span<T> Curvatures => _numbers.Slice(2 * Stride, Rows);

    /// <summary>The label's score, then its exponential.</summary>
    public Span<T> OwnScores => _numbers.Slice(3 * Stride, Stride);

    /// <summary>How far the label's score is below the largest.</summary>
    public Span<T> Gaps => _numbers.Slice(4 * Stride, Stride);

    /// <summary>The sum of all other exponentials.</summary>
    public Span<T> Rests => _numbers.Slice(5 * Stride, Stride);

    /// <summary>What every exponential of a row is multiplied by.</summary>
    public Span<T> Factors => _numbers.Slice(6 * Stride, Stride);

    /// <summary>The gradient of the label's own score.</summary>
    public Span<T> OwnSlopes => _numbers.Slice(7 * Stride, Stride);

    /// <summary>Σ e^(z - top) without the label's.</summary>
    public Span<double> Rest => Statistic(0);

    /// <summary>The label's e^(z - top).</summary>
    public Span<double> Own => Statistic(1);

    /// <summary>top - z of the label.</summary>
    public Span<double> Gap => Statistic(2);

    /// <summary>The weight of the label's class.</summary>
    public Span<double> Mass => Statistic(3);

    /// <summary>Weighted losses.</summary>
    public Span<double> Losses => Statistic(4);

    public Span<double> Factor => Statistic(5);

    public Span<double> OwnSlope => Statistic(6);

    private static int PartsOf(int classes) => (classes + Lanes.Rows.PartMax - 1) / Lanes.Rows.PartMax;

    private Span<double> Statistic(int place) => _statistics.Slice(place * Stride, Stride);
}
