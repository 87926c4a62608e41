using System.Globalization;
using LossService.Engine;
using LossService.Engine.Cards;

namespace LossService.Wire;

/// <summary>What values a parameter may have, in words, and the mistake of having another.</summary>
public static class ParameterRange
{
    private const int FoundLengthMax = 64;

    /// <summary>The allowed values, such as <c>[0, 1]</c>, <c>&gt; 0</c> or <c>mean, sum or none</c>.</summary>
    public static string Text(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Text(parameter, parameter.Words);
    }

    /// <summary>The values that a loss allows: of a choice only the words that it takes.</summary>
    public static string Text(LossCard card, Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        IReadOnlyList<string> words = CommonMembers.WordsOf(card, parameter);
        return parameter.Kind == ParameterKind.Choice && words.Count == 0
            ? $"no {parameter.Name}" : Text(parameter, words);
    }

    /// <summary>Words as a sentence lists them: <c>mean, sum or none</c>.</summary>
    public static string Listed(IEnumerable<string> words)
    {
        string[] all = [.. words];
        return all.Length < 2 ? string.Concat(all) : $"{string.Join(", ", all[..^1])} or {all[^1]}";
    }

    /// <summary>The mistake of a value that the parameter does not allow.</summary>
    /// <param name="card">The loss.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="pointer">Where it was given.</param>
    /// <param name="found">What was given, as text that may be repeated to the caller.</param>
    public static Mistake Broken(LossCard card, Parameter parameter, string pointer, string found)
    {
        string expected = Text(card, parameter);
        string code = ReferenceEquals(parameter, Common.Dtype) ? Codes.DtypeUnsupported : Codes.ParameterOutOfRange;
        return new(pointer, code, $"expected {expected}, found {found}") { Expected = expected, Found = found };
    }

    /// <summary>What a caller gave for a parameter, as his own answer may repeat it.</summary>
    public static string Found(string text) => string.IsNullOrEmpty(text) ? "nothing" : Cut(text);

    /// <summary>A caller's own text, cut to 64 characters.</summary>
    public static string Cut(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= FoundLengthMax ? text
            : text[..(char.IsHighSurrogate(text[FoundLengthMax - 1]) ? FoundLengthMax - 1 : FoundLengthMax)] + "…";
    }

    private static string Text(Parameter parameter, IReadOnlyList<string> words)
    {
        string text = parameter.Kind switch
        {
            ParameterKind.Flag => "true or false",
            ParameterKind.Choice => Listed(words),
            ParameterKind.Integer => "a whole number" + Bounds(parameter, " "),
            _ => Bounds(parameter, "") is { Length: > 0 } bounds ? bounds : "a finite number",
        };
        return parameter.Nullable ? text + ", or null" : text;
    }

    private static string Bounds(Parameter parameter, string before)
    {
        bool below = double.IsNegativeInfinity(parameter.Min);
        bool above = double.IsPositiveInfinity(parameter.Max);
        string min = parameter.Min.ToString("R", CultureInfo.InvariantCulture);
        string max = parameter.Max.ToString("R", CultureInfo.InvariantCulture);
        return (below, above) switch
        {
            (true, true) => "",
            (true, false) => $"{before}{(parameter.MaxOpen ? "<" : "<=")} {max}",
            (false, true) => $"{before}{(parameter.MinOpen ? ">" : ">=")} {min}",
            _ => $"{(before.Length == 0 ? "" : " in ")}{(parameter.MinOpen ? "(" : "[")}{min}, {max}{(parameter.MaxOpen ? ")" : "]")}",
        };
    }
}
