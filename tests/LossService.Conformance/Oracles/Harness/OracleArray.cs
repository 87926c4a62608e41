using LossService.Engine.Numerics;

namespace LossService.Conformance.Oracles.Harness;

/// <summary>Numbers and their shape, row-major; labels and flags are numbers too. A scalar has no axes.</summary>
internal sealed record OracleArray(double[] Values, params long[] Shape)
{
    /// <summary>One axis.</summary>
    public static implicit operator OracleArray(double[] row) => new(row, row.Length);

    /// <summary>Two axes.</summary>
    public static implicit operator OracleArray(double[,] rows) =>
        new([.. rows.Cast<double>()], rows.GetLength(0), rows.GetLength(1));

    /// <summary>No axis.</summary>
    public static implicit operator OracleArray(double scalar) => new([scalar]);

    /// <summary>The shape as it stands in JSON.</summary>
    public string DescribeShape() => $"[{string.Join(", ", Shape)}]";

    /// <summary>Copies a tensor of the engine.</summary>
    public static OracleArray Of(Tensor tensor) => new(
        [.. Enumerable.Range(0, tensor.Shape.Elements).Select(tensor.ValueAt)],
        [.. Enumerable.Range(0, tensor.Shape.Rank).Select(axis => (long)tensor.Shape[axis])]);
}
