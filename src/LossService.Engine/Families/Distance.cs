using System.Numerics;
using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How far two vectors are apart; one enum for all losses, in the order of the words of
/// <c>distance</c>.</summary>
internal enum DistanceKind
{
    L2,
    SquaredL2,
    L1,
    Lp,
    Cosine,
    Dot,
}

/// <summary>A distance with its options: its value, and what a slope on it owes to both vectors.</summary>
/// <remarks>Everything is computed in doubles, whatever the vectors' width. At distance 0, and for the cosine of a zero
/// vector, the gradient is 0.</remarks>
/// <param name="Kind">Which distance.</param>
/// <param name="Power">The power of lp.</param>
/// <param name="Eps">Added to each coordinate of the difference; for cosine to the squared norms.</param>
internal readonly record struct Distance(DistanceKind Kind, double Power, double Eps)
{
    private static readonly string[] Words = ["l2", "squared_l2", "l1", "lp", "cosine", "dot"];

    /// <summary>Added to the sum under the root of l2 and lp.</summary>
    public double RootEps { get; private init; }

    /// <summary>How vectors are taken by the sums of <see cref="ResidueProductTerm"/> and
    /// <see cref="ResidueSquareTerm"/>.</summary>
    public Residue Residue { get; init; }

    /// <summary>True where it comes from the product of the vectors, as they are or scaled to length 1.</summary>
    public bool IsProduct => Kind is DistanceKind.Dot or DistanceKind.Cosine;

    /// <summary>The parameter that chooses among the distances.</summary>
    public static Parameter Choice { get; } = Parameter.Choice(
        "distance", Words,
        "How far two vectors are apart: l2, squared_l2, l1, lp (with the power p), cosine (1 - cos), dot (-dot).");

    /// <summary>The same for a loss of similarities.</summary>
    public static Parameter OfSimilarities { get; } = Parameter.Choice(
        "distance", Words,
        "How alike two vectors are: dot, their product; or minus a distance: l2, squared_l2, l1, lp (with the power p), cosine (1 - cos).",
        "dot");

    /// <summary>The power of lp.</summary>
    public static Parameter P { get; } = Parameter.Number(
        "p", 2, "The power of the lp distance; given without a distance, it chooses lp.", min: 0, minOpen: true);

    /// <summary>What PyTorch adds to each coordinate of a difference.</summary>
    public static Parameter EpsParameter { get; } = Parameter.Number(
        "eps", 0, "Added to each coordinate of the difference; PyTorch adds 1e-06.", min: 0);

    /// <summary>The distance that a request chose.</summary>
    public static Distance Of(Settings settings) => Of(settings, Choice) with { Eps = settings[EpsParameter] };

    /// <summary>The same for a loss without <see cref="EpsParameter"/>, chosen by <paramref name="choice"/>.</summary>
    public static Distance Of(Settings settings, Parameter choice)
    {
        bool isLp = settings.IsGiven(P) && !settings.IsGiven(choice);
        return new(isLp ? DistanceKind.Lp : (DistanceKind)(int)settings[choice], settings[P], Eps: 0);
    }

    /// <summary>The same distance with eps under its root instead of beside each coordinate, where it is one with a
    /// root.</summary>
    public Distance WithEpsUnderRoot() =>
        Kind is DistanceKind.L2 or DistanceKind.Lp ? this with { Eps = 0, RootEps = Eps } : this;

    /// <summary>The distance of two vectors of one length.</summary>
    public double Measure<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b) where T : unmanaged, INumberBase<T>
    {
        switch (Kind)
        {
            case DistanceKind.L2:
                double squares = DistanceSums.Of<T, SquareTerm>(a, b, this) + RootEps;
                return IsPlain(squares) ? Math.Sqrt(squares) : CarefulRoot(a, b, squares);
            case DistanceKind.SquaredL2:
                return DistanceSums.Of<T, SquareTerm>(a, b, this);
            case DistanceKind.L1:
                return DistanceSums.Of<T, MagnitudeTerm>(a, b, this);
            case DistanceKind.Lp:
                double sum = DistanceSums.Of<T, PowerTerm>(a, b, this) + RootEps;
                return sum == 0 ? 0 : ScalarLane.Pow(sum, 1 / Power).Value;
            case DistanceKind.Cosine:
                return Cosine.Of(a, b, Eps).Apart(a, b);
            default:
                return -DistanceSums.Of<T, ProductTerm>(a, b, this);
        }
    }

    /// <summary>What a slope on the distance of two vectors owes to each of them.</summary>
    public void SlopeOf<T>(
        ReadOnlySpan<T> a, ReadOnlySpan<T> b, double distance, double slope, ref EdgeSlope edge)
        where T : unmanaged, INumberBase<T>
    {
        edge.Distance = distance;
        edge.Slope = distance == 0 && Kind < DistanceKind.Cosine ? 0 : slope;
        switch (Kind)
        {
            case DistanceKind.SquaredL2:
                edge.Factor = 2 * slope;
                break;
            case DistanceKind.L2:
                edge.Factor = slope / distance;
                break;
            case DistanceKind.Dot:
                edge.Factor = -slope;
                break;
            case DistanceKind.Cosine:
                Cosine.Of(a, b, Eps).SlopeOf(a, b, slope, ref edge);
                break;
            default:
                edge.Factor = slope;
                break;
        }
    }

    /// <summary>The Euclidean length of a vector.</summary>
    public static double LengthOf<T>(ReadOnlySpan<T> vector) where T : unmanaged, INumberBase<T>
    {
        double squares = DistanceSums.Of<T, ProductTerm>(vector, vector, default);
        return IsPlain(squares) ? Math.Sqrt(squares) : default(Distance).CarefulRoot(vector, [], squares);
    }

    private static bool IsPlain(double squares) => squares is > 1e-280 and < double.PositiveInfinity;

    // Squares overflow past 1e154 and vanish below 1e-162; scaled by the largest coordinate they do neither. An empty b
    // is a vector of zeros.
    private double CarefulRoot<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, double squares)
        where T : unmanaged, INumberBase<T>
    {
        double most = 0;
        for (int i = 0; i < a.Length; i++)
        {
            most = Math.Max(most, Math.Abs(Difference(a[i], At(b, i))));
        }

        if (most == 0 || !double.IsFinite(most))
        {
            return Math.Sqrt(squares);
        }

        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double part = Difference(a[i], At(b, i)) / most;
            sum += part * part;
        }

        return most * Math.Sqrt(sum);
    }

    private double Difference<T>(T a, T b) where T : unmanaged, INumberBase<T> =>
        double.CreateTruncating(a) - double.CreateTruncating(b) + Eps;

    private static T At<T>(ReadOnlySpan<T> vector, int i) where T : unmanaged, INumberBase<T> =>
        vector.IsEmpty ? T.Zero : vector[i];
}
