using System.Diagnostics;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>One row of scores with its target, in doubles, and where its slopes go.</summary>
internal readonly ref struct ScoreRow
{
    /// <summary>A score per class, z; where an item has several views, view after view.</summary>
    public required ReadOnlySpan<double> Scores { get; init; }

    /// <summary>How many views an item has: rows of as many classes.</summary>
    public int Views { get; init; }

    /// <summary>A second score per class, of a loss that has a teacher; else empty.</summary>
    public ReadOnlySpan<double> Teacher { get; init; }

    /// <summary>A weight per class; empty where there are none.</summary>
    public ReadOnlySpan<double> Weights { get; init; }

    /// <summary>How often each class was seen, this batch included; empty where nobody asks.</summary>
    public ReadOnlySpan<double> Counts { get; init; }

    /// <summary>The right class, where the target is one.</summary>
    public int Label { get; init; }

    /// <summary>The right classes, where a row may have several.</summary>
    public ReadOnlySpan<int> Labels { get; init; }

    /// <summary>The target, where it is a number.</summary>
    public double Number { get; init; }

    /// <summary>∂item/∂z: zeros, to be added to.</summary>
    public required Span<double> Slopes { get; init; }

    /// <summary>∂²item/∂z²: zeros, to be added to.</summary>
    public required Span<double> Curves { get; init; }

    /// <summary>To be polled by a loss that takes long over a row.</summary>
    public required Workshop Workshop { get; init; }

    /// <summary>A number per class, to work in.</summary>
    public required Span<double> Room { get; init; }

    /// <summary>Another number per class, to work in.</summary>
    public required Span<double> MoreRoom { get; init; }

    /// <summary>One flag: whether the row sits on a corner of the loss.</summary>
    public required Span<bool> OnCorner { get; init; }

    /// <summary>The weight of a class, 1 where there are none.</summary>
    public double WeightOf(int @class) => Weights.IsEmpty ? 1 : Weights[@class];

    /// <summary>Says that the member tie chose a slope.</summary>
    public void TellTie() => OnCorner[0] = true;

    /// <summary>Answers a row that no number can answer, such as one with a NaN.</summary>
    public double Undefined()
    {
        Slopes.Fill(double.NaN);
        Curves.Fill(double.NaN);
        return double.NaN;
    }
}

/// <summary>The softmax of one row in doubles, of all its classes or of all but one.</summary>
/// <remarks>What is near 1 is told by its distance from 1, which comes from the other classes' exponentials.</remarks>
internal readonly ref struct RowOfProbabilities
{
    private readonly ReadOnlySpan<double> _scores;
    private readonly Span<double> _exps;
    private readonly int _left;
    private readonly double _top;
    private readonly double _total;
    private readonly double _log;

    /// <summary>Takes the softmax of <paramref name="scores"/>, all times <paramref name="scale"/>, with
    /// <paramref name="exps"/> to keep the exponentials in; class <paramref name="left"/> is left out.</summary>
    public RowOfProbabilities(ReadOnlySpan<double> scores, Span<double> exps, double scale = 1, int left = -1)
    {
        Debug.Assert(exps.Length == scores.Length, "a number per class");
        _scores = scores;
        _exps = exps;
        _left = left;
        _top = double.NegativeInfinity;
        for (int c = 0; c < scores.Length; c++)
        {
            exps[c] = scale * scores[c];
            _top = c == left || exps[c] <= _top ? _top : exps[c]; // a NaN becomes the top and stays it
        }

        _total = 0;
        for (int c = 0; c < scores.Length; c++)
        {
            // A single infinity has the whole softmax; two have none.
            exps[c] = c == left ? 0 : exps[c] == _top ? 1 : ScalarLane.Exp(exps[c] - _top).Value;
            _total += exps[c];
        }

        _log = ScalarLane.Log(_total).Value;
        Scale = scale;
    }

    /// <summary>What multiplies the scores.</summary>
    public double Scale { get; }

    /// <summary>False where no softmax exists: a NaN, two infinities on top, or nothing above -infinity.</summary>
    public bool Exists =>
        double.IsFinite(_total) && (double.IsFinite(_top) || (_top > 0 && _total == 1));

    /// <summary>p of a class.</summary>
    public double this[int @class] => _exps[@class] / _total;

    /// <summary>log Σ e^z.</summary>
    public double LogSum => _top + _log;

    /// <summary>1 - p of a class, as exact as p.</summary>
    public double MissOf(int @class) => this[@class] < 0.5 ? 1 - this[@class] : Rest(@class) / _total;

    /// <summary>-log p of a class.</summary>
    public double SurprisalOf(int @class)
    {
        Debug.Assert(@class != _left, "a class that takes part");
        double score = Scale * _scores[@class];
        double gap = score == _top ? 0 : _top - score;
        return gap == 0 ? ScalarLane.Log1p(Rest(@class)).Value : gap + _log;
    }

    private double Rest(int @class)
    {
        double rest = 0;
        for (int c = 0; c < _exps.Length; c++)
        {
            rest += c == @class ? 0 : _exps[c];
        }

        return rest;
    }
}
