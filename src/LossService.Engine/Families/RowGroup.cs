namespace LossService.Engine.Families;

/// <summary>The working memory of one group of rows: a number a row for each statistic, and every row's
/// exponentials.</summary>
internal readonly ref struct RowGroup<T> where T : unmanaged
{
    private const int Statistics = 12;

    private readonly Span<double> _statistics;
    private readonly Span<T> _exps;
    private readonly int _classes;
    private readonly int _stride;

    public RowGroup(Scratch scratch, int rows, int classes)
    {
        Rows = rows;
        _classes = classes;
        _stride = (rows + 3) & ~3; // whole vectors of four doubles
        _statistics = scratch.Take<double>(0, Statistics * _stride)[..(Statistics * _stride)];
        _statistics.Clear();
        _exps = scratch.Take<T>(1, rows * classes);
        Gathered = scratch.Take<T>(2, classes)[..classes];
        TargetGathered = scratch.Take<T>(3, classes)[..classes];
        Products = scratch.Take<T>(4, classes)[..classes];
        Weights = scratch.Take<T>(5, rows)[..rows];
        Coefficients = scratch.Take<T>(6, rows)[..rows];
        Curvatures = scratch.Take<T>(7, rows)[..rows];
    }

    /// <summary>How many rows there are.</summary>
    public int Rows { get; }

    /// <summary>Room for one row of scores that is not contiguous.</summary>
    public Span<T> Gathered { get; }

    /// <summary>Room for one row of targets.</summary>
    public Span<T> TargetGathered { get; }

    /// <summary>Room for one row of products.</summary>
    public Span<T> Products { get; }

    public Span<T> Weights { get; }

    public Span<T> Coefficients { get; }

    public Span<T> Curvatures { get; }

    /// <summary>Σ e^(z - top) without one class: the target, or the likeliest where the target is a
    /// distribution.</summary>
    public Span<double> Rest => Statistic(0);

    /// <summary>e^(z - top) of the class that <see cref="Rest"/> leaves out.</summary>
    public Span<double> Own => Statistic(1);

    /// <summary>Σ w (top - z), for label smoothing.</summary>
    public Span<double> Spread => Statistic(2);

    public Span<double> Cross => Statistic(3);

    public Span<double> Mass => Statistic(4);

    public Span<double> Losses => Statistic(5);

    public Span<double> OnProbability => Statistic(6);

    public Span<double> OnCross => Statistic(7);

    public Span<double> OnMass => Statistic(8);

    /// <summary>Σ e^(z - top).</summary>
    public Span<double> Total => Statistic(9);

    /// <summary>log Σ e^(z - top).</summary>
    public Span<double> Log => Statistic(10);

    /// <summary>∂²loss/∂Cross², where the loss bends.</summary>
    public Span<double> Bend => Statistic(11);

    /// <summary>One row's e^(z - top).</summary>
    public Span<T> Exps(int r) => _exps.Slice(r * _classes, _classes);

    private Span<double> Statistic(int place) => _statistics.Slice(place * _stride, _stride);
}
