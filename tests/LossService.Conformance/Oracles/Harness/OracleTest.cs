using LossService.Conformance.Native;
using Xunit;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>Asks oracles in few words. Every <see cref="Ask"/> skips the test where libtorch does not load.</summary>
public abstract class OracleTest
{
    /// <summary>Answers a request made of inputs (arrays) and settings (everything else) by name.</summary>
    private protected static OracleAnswer Ask(string loss, params (string Name, object? Value)[] members)
    {
        Libtorch.Require();
        return Oracle.Answer(new(loss)
        {
            Inputs = members.Where(m => ToArray(m.Value) is not null).ToDictionary(m => m.Name, m => ToArray(m.Value)!),
            Parameters = members.Where(m => ToArray(m.Value) is null).ToDictionary(m => m.Name, m => m.Value),
        });
    }

    /// <summary>Compares numbers up to a relative tolerance; both infinite or both NaN are equal.</summary>
    private protected static void Near(double[] expected, OracleArray found, double tolerance = 1e-13) =>
        Assert.All(expected, (value, i) => Near(value, found.Values[i], tolerance));

    /// <summary>Compares two numbers as above.</summary>
    private protected static void Near(double expected, double? found, double tolerance = 1e-13)
    {
        Assert.NotNull(found);
        if (!expected.Equals(found.Value))
        {
            // Published numbers near zero come with an absolute error of a double near one.
            double allowed = tolerance * Math.Max(Math.Abs(expected), 1e-3);
            Assert.InRange(found.Value, expected - allowed, expected + allowed);
        }
    }

    private static OracleArray? ToArray(object? value) => value switch
    {
        OracleArray array => array,
        double[] row => row,
        double[,] rows => rows,
        _ => null,
    };
}
