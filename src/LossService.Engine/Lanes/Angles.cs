namespace LossService.Engine.Lanes;

/// <summary>Sine and cosine of the few angles that losses take as parameters, by their series: the same bits on every
/// machine. For angles up to a right one.</summary>
internal static class Angles
{
    private const int Terms = 24; // enough for a right angle

    /// <summary>The sine of an angle in radians.</summary>
    public static double Sine(double angle) => Alternating(angle, angle, 1);

    /// <summary>The cosine of an angle in radians.</summary>
    public static double Cosine(double angle) => Alternating(1, angle, 0);

    // The series of the sine, which starts with x / 1!, or of the cosine, which starts with 1 / 0!.
    private static double Alternating(double first, double x, int degree)
    {
        double sum = 0;
        double term = first;
        for (int k = degree + 1; k < Terms; k += 2)
        {
            sum += term;
            term *= -x * x / (k * (k + 1));
        }

        return sum;
    }
}
