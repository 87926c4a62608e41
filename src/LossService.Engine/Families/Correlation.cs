using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>How two centred vectors a and b correlate: 1 - a·b / (|a| |b| + eps), and its slope on a.</summary>
/// <param name="Norm">|a|.</param>
/// <param name="OtherNorm">|b|.</param>
/// <param name="Denominator">|a| |b| + eps.</param>
/// <param name="Gap">What the correlation lacks to its sign, from the distance of both directions, or of the one and the
/// other's opposite: it does not cancel.</param>
/// <param name="Sign">1 or -1.</param>
/// <param name="IsStraight">True where the directions are the same, or opposite, but for rounding, as those of any two
/// numbers are.</param>
internal readonly record struct Correlation(
    double Norm, double OtherNorm, double Denominator, double Gap, double Sign, bool IsStraight)
{
    private const double Rounding = 1e-30; // of a squared distance of two directions

    /// <summary>What the correlation lacks to 1.</summary>
    public double Miss => Sign > 0 ? Gap : 2 - Gap;

    /// <summary>Measures two centred vectors; <paramref name="room"/> is as long as they are.</summary>
    public static Correlation Of(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double eps, Span<double> room)
    {
        double norm = NormOf(a, room);
        double other = NormOf(b, room);
        double sign = 1;
        double apart = Apart(a, norm, b, other, sign, room);
        if (apart > 2)
        {
            sign = -1;
            apart = Apart(a, norm, b, other, sign, room);
        }

        double product = norm * other;
        bool isStraight = apart < Rounding;
        double gap = isStraight ? eps : (0.5 * product * apart) + eps;
        return new(norm, other, product + eps, gap / (product + eps), sign, isStraight);
    }

    /// <summary>Takes its mean from a vector.</summary>
    /// <returns>What was taken from every number: the first of them, then the mean of the differences to it.</returns>
    /// <remarks>So equal numbers become exactly 0, and not what is left of rounding their mean.</remarks>
    public static (double First, double Mean) Centre(Span<double> numbers)
    {
        double first = numbers.Length == 0 ? 0 : numbers[0];
        foreach (ref double number in numbers)
        {
            number -= first;
        }

        double mean = numbers.Length == 0 ? 0 : Sums.OfBlock<double>(numbers) / numbers.Length;
        foreach (ref double number in numbers)
        {
            number -= mean;
        }

        return (first, mean);
    }

    /// <summary>The slope of <see cref="Miss"/> on one number of a; 0 for the direction of a vector of zeros.</summary>
    public double SlopeAt(double a, double b)
    {
        double direction = Direction(a, Norm);
        double turn = IsStraight ? 0 : Direction(b, OtherNorm) - (Sign * direction);
        return -(OtherNorm / Denominator) * (turn + (Sign * Gap * direction));
    }

    private static double NormOf(ReadOnlySpan<double> numbers, Span<double> room)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            room[i] = numbers[i] * numbers[i];
        }

        return Math.Sqrt(Sums.OfBlock<double>(room[..numbers.Length]));
    }

    private static double Apart(
        ReadOnlySpan<double> a, double norm, ReadOnlySpan<double> b, double other, double sign, Span<double> room)
    {
        for (int i = 0; i < a.Length; i++)
        {
            double apart = Direction(a[i], norm) - (sign * Direction(b[i], other));
            room[i] = apart * apart;
        }

        return Sums.OfBlock<double>(room[..a.Length]);
    }

    private static double Direction(double number, double norm) => norm == 0 ? 0 : number / norm;
}
