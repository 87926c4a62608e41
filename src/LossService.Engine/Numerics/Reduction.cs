namespace LossService.Engine.Numerics;

/// <summary>How items become one number; the order is that of the words of <c>reduction</c>.</summary>
public enum Reduction
{
    /// <summary>The sum over a normaliser.</summary>
    Mean,

    /// <summary>The sum.</summary>
    Sum,

    /// <summary>The items as they are.</summary>
    None,

    /// <summary>The sum over the length of the first axis.</summary>
    BatchMean,
}
