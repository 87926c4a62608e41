using System.Numerics;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>The product of two vectors and their squared lengths, of which the cosine, its distance and its slopes are
/// made.</summary>
/// <remarks>Vectors whose squares would overflow or vanish are taken times a power of two each, which no cosine
/// sees.</remarks>
internal readonly struct Cosine
{
    // Nearer to 1, the distance would lose more than seven bits as a difference, and the slopes as one of two vectors.
    private const double NearMin = 0.99;

    private const int ExponentMax = 1000; // the square of what it leaves of the least number still is a number

    private double Product { get; init; }

    private Side First { get; init; }

    private Side Second { get; init; }

    private double Value => First.Square == 0 || Second.Square == 0
        ? 0
        : Product / (Math.Sqrt(First.Square) * Math.Sqrt(Second.Square));

    /// <summary>Multiplies two vectors; <paramref name="eps"/> is added to their squared lengths.</summary>
    public static Cosine Of<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, double eps)
        where T : unmanaged, INumberBase<T>
    {
        double first = DistanceSums.Of<T, ProductTerm>(a, a, default) + eps;
        double second = DistanceSums.Of<T, ProductTerm>(b, b, default) + eps;
        if (IsPlain(first) && IsPlain(second))
        {
            return new()
            {
                Product = DistanceSums.Of<T, ProductTerm>(a, b, default),
                First = new(first, eps, 1),
                Second = new(second, eps, 1),
            };
        }

        (Side scaled, Side other) = (Scaled(a, eps), Scaled(b, eps));
        return new()
        {
            Product = DistanceSums.Of<T, ResidueProductTerm>(a, b, With(scaled, other, 0)),
            First = scaled,
            Second = other,
        };
    }

    /// <summary>1 - cos.</summary>
    /// <remarks>Of near directions from the sine: with t = a·b / |a|², b - t a has all digits where it is small, and
    /// what t is off by points along a, where it is seen and taken away again.</remarks>
    public double Apart<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b) where T : unmanaged, INumberBase<T>
    {
        double cosine = Value;
        if (!(cosine > NearMin))
        {
            return 1 - cosine;
        }

        Distance how = With(First, Second, Product / First.Square);
        double along = DistanceSums.Of<T, ResidueProductTerm>(a, b, how);
        double across = DistanceSums.Of<T, ResidueSquareTerm>(a, b, how) - (along * along / First.Bare);
        double sine = Math.Max(0, across) / Second.Bare; // its square
        double apart = sine / (1 + Math.Sqrt(1 - sine));

        // What eps takes from the cosine: 1 - 1 / root.
        double more = First.Share + Second.Share + (First.Share * Second.Share);
        double root = Math.Sqrt(1 + more);
        return apart + ((1 - apart) * more / (root * (1 + root)));
    }

    /// <summary>What a slope on the distance owes to the vectors.</summary>
    public void SlopeOf<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, double slope, ref EdgeSlope edge)
        where T : unmanaged, INumberBase<T>
    {
        double cosine = Value;
        edge.Slope = First.Square == 0 || Second.Square == 0 ? 0 : slope;
        edge.Factor = -slope / (Math.Sqrt(First.Square) * Math.Sqrt(Second.Square));
        if (First.Scale == 1 && Second.Scale == 1 && !(Math.Abs(cosine) > NearMin))
        {
            edge.OnFirst = slope * cosine / First.Square;
            edge.OnSecond = slope * cosine / Second.Square;
            return;
        }

        (edge.OnFirst, edge.RestOnFirst) = MultipleOf(a, First, b, Second);
        (edge.OnSecond, edge.RestOnSecond) = MultipleOf(b, Second, a, First);
        (edge.ScaleOfFirst, edge.ScaleOfSecond) = (First.Scale, Second.Scale);
    }

    private static bool IsPlain(double squares) => squares is > 1e-280 and < 1e280;

    private static Distance With(Side first, Side second, double multiple) =>
        default(Distance) with { Residue = new(first.Scale, second.Scale, multiple) };

    private static Side Scaled<T>(ReadOnlySpan<T> vector, double eps) where T : unmanaged, INumberBase<T>
    {
        double most = Math.Sqrt(eps);
        foreach (T number in vector)
        {
            most = Math.Max(most, Math.Abs(double.CreateTruncating(number)));
        }

        bool isNumber = most > 0 && double.IsFinite(most);
        double scale = isNumber ? Math.ScaleB(1, -Math.Clamp(Math.ILogB(most), -ExponentMax, ExponentMax)) : 1;
        var side = new Side(0, eps * scale * scale, scale);
        return side with
        {
            Square = DistanceSums.Of<T, ResidueProductTerm>(vector, vector, With(side, side, 0)) + side.Eps,
        };
    }

    // a·b / |a|² in two numbers: b less that times a is all that is left of near directions.
    private (double Multiple, double Lost) MultipleOf<T>(ReadOnlySpan<T> a, Side first, ReadOnlySpan<T> b, Side second)
        where T : unmanaged, INumberBase<T>
    {
        double multiple = Product / first.Square;
        double along = DistanceSums.Of<T, ResidueProductTerm>(a, b, With(first, second, multiple));
        return (multiple, (along - (multiple * first.Eps)) / first.Square);
    }

    /// <summary>One of the vectors.</summary>
    /// <param name="Square">Its squared length and eps.</param>
    /// <param name="Eps">Which part of that is eps.</param>
    /// <param name="Scale">What it was multiplied with before.</param>
    private readonly record struct Side(double Square, double Eps, double Scale)
    {
        public double Bare => Square - Eps;

        public double Share => Eps / Bare;
    }
}
