using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The working memory of one block of places: rows of p, of 1 - p, of slopes and perhaps of second
/// derivatives, one a class, each as long as whole vectors.</summary>
internal readonly ref struct RegionBlock
{
    private readonly Span<double> _p;
    private readonly Span<double> _rest;
    private readonly Span<double> _slopes;
    private readonly Span<double> _curves;
    private readonly Span<double> _firstRates;
    private readonly Span<double> _secondRates;

    public RegionBlock(Scratch scratch, int classes, int count, bool isCurved)
    {
        Classes = classes;
        Count = count;
        Stride = (count + 3) & ~3; // whole vectors of four doubles
        _p = scratch.Take<double>(0, classes * Stride);
        _rest = scratch.Take<double>(1, classes * Stride);
        _slopes = scratch.Take<double>(2, classes * Stride);
        Truth = scratch.Take<double>(3, Stride)[..Stride];
        Likeliest = scratch.Take<double>(4, Stride)[..Stride];
        Output = scratch.Take<double>(5, Stride)[..Stride];
        if (isCurved)
        {
            _curves = scratch.Take<double>(7, classes * Stride); // 6 is a derived driver's own
            _firstRates = scratch.Take<double>(8, classes * Stride);
            _secondRates = scratch.Take<double>(9, classes * Stride);
        }
    }

    public int Classes { get; }

    public int Count { get; }

    public int Stride { get; }

    /// <summary>One class's truths.</summary>
    public Span<double> Truth { get; }

    /// <summary>The class of the greatest score of each place, for a softmax.</summary>
    public Span<double> Likeliest { get; }

    /// <summary>One class's row of a gradient.</summary>
    public Span<double> Output { get; }

    public Span<double> P(int @class) => _p.Slice(@class * Stride, Stride);

    /// <summary>1 - p, without the cancellation where p is near 1.</summary>
    public Span<double> Rest(int @class) => _rest.Slice(@class * Stride, Stride);

    public Span<double> Slopes(int @class) => _slopes.Slice(@class * Stride, Stride);

    /// <summary>Second derivatives.</summary>
    public Span<double> Curves(int @class) => _curves.Slice(@class * Stride, Stride);

    /// <summary>How fast each place moves the first number that classes share.</summary>
    public Span<double> FirstRates(int @class) => _firstRates.Slice(@class * Stride, Stride);

    /// <summary>How fast each place moves the second number that classes share.</summary>
    public Span<double> SecondRates(int @class) => _secondRates.Slice(@class * Stride, Stride);

    /// <summary>Makes scores, which <see cref="P"/> holds, probabilities.</summary>
    /// <returns>How many places have no softmax.</returns>
    public int Activate(RegionForm form)
    {
        switch (form)
        {
            case RegionForm.Softmax:
                return Softmax();
            case RegionForm.Sigmoid:
                for (int c = 0; c < Classes; c++)
                {
                    for (int i = 0; i < Stride; i += DoubleLane.Count)
                    {
                        Logistic<DoubleLane> at = DoubleLane.Logistic(Load(P(c), i));
                        Store(at.Sigmoid, P(c), i);
                        Store(at.SigmoidOfMinus, Rest(c), i);
                    }
                }

                return 0;
            default:
                for (int c = 0; c < Classes; c++)
                {
                    for (int i = 0; i < Stride; i += DoubleLane.Count)
                    {
                        Store(1.0 - Load(P(c), i), Rest(c), i);
                    }
                }

                return 0;
        }
    }

    /// <summary>Takes a place out of all sums.</summary>
    public void Blank(int place)
    {
        for (int c = 0; c < Classes; c++)
        {
            P(c)[place] = 0;
            Rest(c)[place] = 0;
        }
    }

    /// <summary>Takes slopes on p back to scores of a softmax.</summary>
    /// <remarks>p_j (g_j - Σ p g), in differences to the likeliest class's g: its own p may be 1 but for what the
    /// others have.</remarks>
    public void ThroughSoftmax() => ThroughSoftmax(_slopes);

    /// <summary>Takes slopes on p and second derivatives by it back to scores of a sigmoid.</summary>
    public void BendThroughSigmoid()
    {
        for (int at = 0; at < Classes * Stride; at += DoubleLane.Count)
        {
            DoubleLane p = Load(_p, at);
            DoubleLane rest = Load(_rest, at);
            DoubleLane rise = p * rest;
            Store(rise * ((rise * Load(_curves, at)) + ((rest - p) * Load(_slopes, at))), _curves, at);
        }
    }

    /// <summary>Takes slopes on p and second derivatives by it back to scores of a softmax, where one score moves all
    /// classes; <paramref name="shared"/> is of what all of them move.</summary>
    /// <remarks>With p_c' = p_c ([c = j] - p_j) the terms of p'' are (1 - 2 p_j) times the gradient, and those of a
    /// class alone are p_j² (h_j (1 - p_j)² + Σ p_c² h_c over the others). The likeliest class is never taken out of
    /// that sum again.</remarks>
    public void BendThroughSoftmax(QuadraticForm shared)
    {
        ThroughSoftmax(_slopes);
        bool shares = shared != default;
        if (shares)
        {
            ThroughSoftmax(_firstRates);
            ThroughSoftmax(_secondRates);
        }

        for (int i = 0; i < Stride; i += DoubleLane.Count)
        {
            DoubleLane likeliest = Load(Likeliest, i);
            DoubleLane others = 0;
            DoubleLane ofLikeliest = 0;
            for (int c = 0; c < Classes; c++)
            {
                DoubleLane p = Load(P(c), i);
                DoubleLane own = DoubleLane.Same(likeliest, c);
                DoubleLane term = p * p * Load(Curves(c), i);
                others += DoubleLane.Select(own, 0, term);
                ofLikeliest = DoubleLane.Select(own, term, ofLikeliest);
            }

            for (int c = 0; c < Classes; c++)
            {
                DoubleLane p = Load(P(c), i);
                DoubleLane rest = Load(Rest(c), i);
                DoubleLane curve = Load(Curves(c), i);
                DoubleLane bent = DoubleLane.Select(
                    DoubleLane.Same(likeliest, c),
                    (curve * rest * rest) + others,
                    (curve * (rest - p)) + (others + ofLikeliest));
                DoubleLane whole = (p * p * bent) + ((rest - p) * Load(Slopes(c), i));
                Store(
                    shares ? whole + shared.At(Load(FirstRates(c), i), Load(SecondRates(c), i)) : whole, Curves(c), i);
            }
        }
    }

    private void ThroughSoftmax(Span<double> slopes)
    {
        for (int i = 0; i < Stride; i += DoubleLane.Count)
        {
            DoubleLane likeliest = Load(Likeliest, i);
            DoubleLane anchor = 0;
            for (int c = 0; c < Classes; c++)
            {
                anchor = DoubleLane.Select(
                    DoubleLane.Same(likeliest, c), Load(slopes, (c * Stride) + i), anchor);
            }

            DoubleLane mean = 0;
            for (int c = 0; c < Classes; c++)
            {
                mean += Load(P(c), i) * (Load(slopes, (c * Stride) + i) - anchor);
            }

            for (int c = 0; c < Classes; c++)
            {
                int at = (c * Stride) + i;
                Store(Load(P(c), i) * (Load(slopes, at) - anchor - mean), slopes, at);
            }
        }
    }

    private int Softmax()
    {
        int undefined = 0;
        for (int i = 0; i < Stride; i += DoubleLane.Count)
        {
            DoubleLane top = Load(P(0), i);
            DoubleLane likeliest = 0;
            for (int c = 1; c < Classes; c++)
            {
                DoubleLane score = Load(P(c), i);
                DoubleLane larger = score > top;
                top = DoubleLane.Select(larger, score, top);
                likeliest = DoubleLane.Select(larger, c, likeliest);
            }

            DoubleLane others = 0;
            for (int c = 0; c < Classes; c++)
            {
                DoubleLane score = Load(P(c), i);
                DoubleLane own = DoubleLane.Same(likeliest, c);
                DoubleLane itself = DoubleLane.Select(DoubleLane.Same(score, score), 0, score); // 0, but NaN of NaN
                DoubleLane power = DoubleLane.Exp(DoubleLane.Select(own, itself, score - top));
                others += DoubleLane.Select(own, power - 1.0, power);
                Store(power, P(c), i);
            }

            DoubleLane total = 1.0 + others;
            undefined += CountUndefined(total, i);
            for (int c = 0; c < Classes; c++)
            {
                DoubleLane p = Load(P(c), i) / total;
                DoubleLane own = DoubleLane.Same(likeliest, c);
                Store(p, P(c), i);
                Store(DoubleLane.Select(own, others / total, 1.0 - p), Rest(c), i);
            }

            Store(likeliest, Likeliest, i);
        }

        return undefined;
    }

    private int CountUndefined(DoubleLane total, int first)
    {
        Store(total, Output, first);
        int undefined = 0;
        for (int i = first; i < Math.Min(Count, first + DoubleLane.Count); i++)
        {
            undefined += double.IsNaN(Output[i]) ? 1 : 0;
        }

        return undefined;
    }

    public static DoubleLane Load(Span<double> numbers, int i) =>
        DoubleLane.Load(ref MemoryMarshal.GetReference(numbers), i);

    public static void Store(DoubleLane lane, Span<double> numbers, int i) =>
        DoubleLane.Store(lane, ref MemoryMarshal.GetReference(numbers), i);
}
