using System.Runtime.InteropServices;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The working memory of one block of places: rows of p, of 1 - p and of slopes, one a class, each as long as
/// whole vectors.</summary>
internal readonly ref struct RegionBlock
{
    private readonly Span<double> _p;
    private readonly Span<double> _rest;
    private readonly Span<double> _slopes;

    public RegionBlock(Scratch scratch, int classes, int count)
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
    public void ThroughSoftmax()
    {
        for (int i = 0; i < Stride; i += DoubleLane.Count)
        {
            DoubleLane likeliest = Load(Likeliest, i);
            DoubleLane anchor = 0;
            for (int c = 0; c < Classes; c++)
            {
                anchor = DoubleLane.Select(DoubleLane.Same(likeliest, c), Load(Slopes(c), i), anchor);
            }

            DoubleLane mean = 0;
            for (int c = 0; c < Classes; c++)
            {
                mean += Load(P(c), i) * (Load(Slopes(c), i) - anchor);
            }

            for (int c = 0; c < Classes; c++)
            {
                Store(Load(P(c), i) * (Load(Slopes(c), i) - anchor - mean), Slopes(c), i);
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
