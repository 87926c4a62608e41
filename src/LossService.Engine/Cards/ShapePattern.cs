namespace LossService.Engine.Cards;

/// <summary>A symbolic shape such as <c>N C *D</c>: each symbol stands for one length, the starred one for the
/// rest.</summary>
public sealed class ShapePattern
{
    private ShapePattern(string text, string[] symbols, string? rest)
    {
        Text = text;
        Symbols = symbols;
        Rest = rest;
    }

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>The symbols of the leading axes; a number stands for itself.</summary>
    public IReadOnlyList<string> Symbols { get; }

    /// <summary>The symbol of all further axes, if there may be any.</summary>
    public string? Rest { get; }

    /// <summary>Reads a pattern; a card's patterns are constants, so a bad one is a programming error.</summary>
    public static ShapePattern Parse(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool starred = words.Length > 0 && words[^1][0] == '*';
        return new(text, starred ? words[..^1] : words, starred ? words[^1][1..] : null);
    }

    /// <summary>Reads alternatives, separated by <c>|</c>.</summary>
    public static IReadOnlyList<ShapePattern> ParseAll(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. text.Split('|').Select(one => Parse(one.Trim()))];
    }

    /// <summary>The axis that a symbol stands for, which is one of the leading ones.</summary>
    public int AxisOf(string symbol)
    {
        int axis = 0;
        while (Symbols[axis] != symbol)
        {
            axis++;
        }

        return axis;
    }

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", Symbols.Concat(Rest is null ? [] : [Rest + "…"]))}]";
}
