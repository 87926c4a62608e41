namespace LossService.Engine.Cards;

/// <summary>A symbolic shape such as <c>N C *D</c>: each symbol stands for one length, the starred one for the rest.
/// With a prime, as in <c>*S' 1</c>, the rest lacks its last axis; what follows it is a length.</summary>
public sealed class ShapePattern
{
    private ShapePattern(string text, string[] words, int star)
    {
        Text = text;
        Symbols = words[..star];
        IsCut = star < words.Length && words[star].EndsWith('\'');
        Rest = star < words.Length ? words[star].Trim('*', '\'') : null;
        Last = [.. words.Skip(star + 1).Select(word => word[0] - '0')];
    }

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>The symbols of the leading axes; a number stands for itself.</summary>
    public IReadOnlyList<string> Symbols { get; }

    /// <summary>The symbol of all further axes, if there may be any.</summary>
    public string? Rest { get; }

    /// <summary>True where the last of these further axes is left out.</summary>
    public bool IsCut { get; }

    /// <summary>The lengths of the axes behind them.</summary>
    public IReadOnlyList<int> Last { get; }

    /// <summary>Reads a pattern; a card's patterns are constants, so a bad one is a programming error.</summary>
    public static ShapePattern Parse(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int star = Array.FindIndex(words, word => word[0] == '*');
        return new(text, words, star < 0 ? words.Length : star);
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
    public override string ToString()
    {
        string rest = IsCut ? $"{Rest}'…" : $"{Rest}…";
        return $"[{string.Join(", ", Symbols.Concat(Rest is null ? [] : [rest]).Concat(Last.Select(length => $"{length}")))}]";
    }
}
