using LossService.Conformance.Oracles.Harness;

namespace LossService.Conformance.Agreement;

/// <summary>How far the engine's answer is from an oracle's.</summary>
internal static class Difference
{
    /// <summary>Promise 1 of the engine.</summary>
    private const double Promised = 1e-10;

    private const double FloorOfRow = 1e-6; // of its largest element, below which a row's elements count as zero
    private const double Noise = 4.5e-16; // two ulps of that largest element: what a difference of two may lose
    private const double NoiseOfCancelling = 1e-14; // the same where slopes some ten times as large are summed

    /// <summary>Everything in which the answers differ by more than the promise allows, a sentence each.</summary>
    /// <param name="expected">The oracle's answer.</param>
    /// <param name="found">The engine's.</param>
    /// <param name="tolerance">The promise.</param>
    /// <param name="samplesMeet">True where a row sums over all samples, so that what cancels in it is as large as the
    /// largest slope of the whole batch.</param>
    /// <param name="cancels">True where autograd sums up slopes much larger than what they leave.</param>
    public static IEnumerable<string> Of(
        OracleAnswer expected, OracleAnswer found, double tolerance = Promised, bool samplesMeet = false,
        bool cancels = false)
    {
        if (!Near(expected.Loss, found.Loss, expected.Loss, tolerance))
        {
            yield return $"loss: expected {expected.Loss:R}, found {found.Loss:R}";
        }

        if (expected.Normalizer?.Rule != found.Normalizer?.Rule
            || !Near(
                expected.Normalizer?.Value, found.Normalizer?.Value, expected.Normalizer?.Value, tolerance))
        {
            yield return $"normalizer: expected {expected.Normalizer}, found {found.Normalizer}";
        }

        IEnumerable<string> arrays = OfArrays("losses", expected.Losses, found.Losses, tolerance, NoiseOf)
            .Concat(OfMembers("gradients", expected.Gradients, found.Gradients, tolerance, NoiseOf))
            .Concat(OfMembers("hessian", expected.Hessians, found.Hessians, tolerance, NoiseOf));
        foreach (string difference in arrays)
        {
            yield return difference;
        }

        double NoiseOf(OracleArray array)
        {
            double largest = array.Values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
            return !samplesMeet && !cancels ? 0
                : largest == 0 ? NoiseOfCancelling // slopes over a temperature may leave nothing
                : (cancels ? NoiseOfCancelling : Noise) * largest;
        }
    }

    /// <summary>Mean and largest error in float32 ulps of the true value, infinities skipped.</summary>
    public static (double Mean, double Max) Ulps(OracleArray truth, OracleArray found)
    {
        double[] errors = [.. truth.Values.Zip(found.Values)
            .Where(pair => double.IsFinite(pair.First))
            .Select(pair => Math.Abs(pair.First - pair.Second) / Ulp(pair.First))];
        return (errors.Average(), errors.Max());
    }

    private static double Ulp(double value)
    {
        float near = Math.Max(Math.Abs((float)value), 1.1754944e-38f); // the smallest normal number
        return (double)MathF.BitIncrement(near) - near;
    }

    private static IEnumerable<string> OfMembers(
        string member,
        IReadOnlyDictionary<string, OracleArray> expected,
        IReadOnlyDictionary<string, OracleArray> found,
        double tolerance,
        Func<OracleArray, double> noiseOf) =>
        expected.SelectMany(named => found.TryGetValue(named.Key, out OracleArray? other)
            ? OfArrays($"{member}.{named.Key}", named.Value, other, tolerance, noiseOf)
            : [$"{member}.{named.Key}: missing"]);

    private static IEnumerable<string> OfArrays(
        string name, OracleArray expected, OracleArray found, double tolerance, Func<OracleArray, double> noiseOf)
    {
        if (!expected.Shape.SequenceEqual(found.Shape))
        {
            yield return $"{name}: expected {expected.DescribeShape()}, found {found.DescribeShape()}";
            yield break;
        }

        double noise = noiseOf(expected);
        for (int i = 0; i < expected.Values.Length; i++)
        {
            if (!Near(expected.Values[i], found.Values[i], Largest(expected, i), tolerance, noise))
            {
                yield return $"{name}: at {i} expected {expected.Values[i]:R}, found {found.Values[i]:R}";
            }
        }
    }

    /// <summary>The largest finite magnitude in the row of classes to which an element belongs.</summary>
    private static double Largest(OracleArray array, int element)
    {
        long[] shape = array.Shape;
        if (shape.Length < 2)
        {
            return array.Values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        }

        long inner = shape[2..].Aggregate(1L, (product, length) => product * length);
        long first = (element / (inner * shape[1]) * inner * shape[1]) + (element % inner);
        return Enumerable.Range(0, (int)shape[1])
            .Select(c => Math.Abs(array.Values[first + (c * inner)]))
            .Where(double.IsFinite).DefaultIfEmpty().Max();
    }

    private static bool Near(
        double? expected, double? found, double? largest, double tolerance, double noise = 0)
    {
        if (expected.Equals(found))
        {
            return true;
        }

        double size = Math.Abs(largest ?? 0);
        if (expected == 0 && size == 0)
        {
            // A whole row that cancels, such as p - p, leaves that much.
            return Math.Abs(found ?? double.NaN) <= Math.Max(noise, Noise);
        }

        double scale = Math.Max(Math.Abs(expected ?? double.NaN), FloorOfRow * size);
        return Math.Abs((expected - found) ?? double.NaN) <= (tolerance * scale) + Math.Max(noise, Noise * size);
    }
}
