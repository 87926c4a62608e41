using LossService.Engine.Cards;
using LossService.Engine.Lanes;

namespace LossService.Engine.Families;

/// <summary>What a discounted cumulative gain is made of: the gain of a relevance, the discount of a rank.</summary>
internal static class ListGains
{
    private const double Ln2 = 0.693147180559945309417;

    /// <summary>The parameter that chooses the gain.</summary>
    public static Parameter Gain { get; } = Parameter.Choice(
        "gain", ["exponential", "linear"], "The gain of a relevance y: exponential, 2^y - 1, or linear, y.");

    /// <summary>True for the exponential gain.</summary>
    public static bool IsExponential(Settings settings) => settings.Word(Gain) == "exponential";

    /// <summary>The gains of relevances.</summary>
    public static void Fill(ReadOnlySpan<double> relevance, bool exponential, Span<double> gains)
    {
        for (int i = 0; i < relevance.Length; i++)
        {
            gains[i] = exponential ? PowerOfTwoLessOne(relevance[i]) : relevance[i];
        }
    }

    /// <summary>1 / log2(1 + rank).</summary>
    public static double Discount(double rank) => Ln2 / ScalarLane.Log1p(rank).Value;

    /// <summary>The largest cumulative gain of the first k ranks, from the gains of a list that is sorted by
    /// relevance.</summary>
    public static double Ideal(ReadOnlySpan<double> gains, int k)
    {
        double sum = 0;
        for (int i = 0; i < Math.Min(k, gains.Length); i++)
        {
            sum += gains[i] * Discount(i + 1);
        }

        return sum;
    }

    // Whole relevances are the rule, and their gains are whole.
    private static double PowerOfTwoLessOne(double y) => y == Math.Truncate(y) && y < 1024
        ? Math.ScaleB(1, (int)y) - 1
        : ScalarLane.Expm1(Ln2 * y).Value;
}
