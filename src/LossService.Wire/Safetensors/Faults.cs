using LossService.Engine;

namespace LossService.Wire.Safetensors;

/// <summary>The mistakes that end the reading of a file, in our own words and numbers.</summary>
internal static class Faults
{
    /// <summary>The file breaks the rules of the format.</summary>
    public static Mistake Malformed(string pointer, string part, string expected, string found) =>
        new(pointer, Codes.MalformedJson, $"safetensors {part}: expected {expected}, found {found}")
        {
            Expected = expected,
            Found = found,
        };

    /// <summary>The file passes a limit.</summary>
    public static Mistake Beyond(string pointer, string limit, long max, string unit) =>
        new(pointer, Codes.LimitExceeded, $"more than {max} {unit}")
        {
            Limit = limit,
            Expected = $"at most {max} {unit}",
        };
}
