using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>What kind of value a parameter takes.</summary>
public enum ParameterKind
{
    /// <summary>A real number.</summary>
    Number,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>One of a few words.</summary>
    Choice,
}

/// <summary>One scalar that a loss, or every loss, takes. Values are carried as doubles: flags are 0 or 1, choices the
/// index of their word, and null is NaN.</summary>
public sealed class Parameter
{
    private Parameter(string name, ParameterKind kind, double @default, string meaning)
    {
        Name = name;
        Kind = kind;
        Default = @default;
        Meaning = meaning;
    }

    /// <summary>The member's name in a request.</summary>
    public string Name { get; }

    /// <summary>What kind of value it takes.</summary>
    public ParameterKind Kind { get; }

    /// <summary>The value when the request says nothing; NaN for null.</summary>
    public double Default { get; }

    /// <summary>What it does, in a sentence.</summary>
    public string Meaning { get; }

    /// <summary>The least value.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>The greatest value.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>True when <see cref="Min"/> itself is refused.</summary>
    public bool MinOpen { get; init; }

    /// <summary>True when <see cref="Max"/> itself is refused.</summary>
    public bool MaxOpen { get; init; }

    /// <summary>The symbol of the axis whose length the value stays below: an index of a class.</summary>
    public string? Below { get; init; }

    /// <summary>The symbol of the axis whose length the value is; null for none.</summary>
    public string? LengthOf { get; init; }

    /// <summary>True when null is a value: off, or absent.</summary>
    public bool Nullable { get; init; }

    /// <summary>A number that means null too, such as -1 for an alpha that is off.</summary>
    public double? NullAlias { get; init; }

    /// <summary>The words of a choice, the default anywhere among them.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Its place in <see cref="Common.Parameters"/>, so that a request need not search; -1 for a loss's
    /// own.</summary>
    internal int CommonPlace { get; set; } = -1;

    /// <summary>A real number.</summary>
    public static Parameter Number(
        string name, double @default, string meaning, double min = double.NegativeInfinity,
        double max = double.PositiveInfinity, bool minOpen = false, double? nullAlias = null, bool nullable = false,
        bool maxOpen = false) =>
        new(name, ParameterKind.Number, @default, meaning)
        {
            Min = min,
            Max = max,
            MinOpen = minOpen,
            MaxOpen = maxOpen,
            NullAlias = nullAlias,
            Nullable = nullable || nullAlias is not null || double.IsNaN(@default),
        };

    /// <summary>A whole number.</summary>
    public static Parameter Integer(
        string name, double @default, string meaning, double min = Labels.Min, double max = Labels.Max,
        string? below = null, string? lengthOf = null) =>
        new(name, ParameterKind.Integer, @default, meaning)
        {
            Below = below,
            LengthOf = lengthOf,
            Min = min,
            Max = max,
            Nullable = double.IsNaN(@default),
        };

    /// <summary>True or false.</summary>
    public static Parameter Flag(string name, bool @default, string meaning) =>
        new(name, ParameterKind.Flag, @default ? 1 : 0, meaning) { Min = 0, Max = 1 };

    /// <summary>One of some words; the first is the default unless <paramref name="default"/> names another, and a null
    /// <paramref name="default"/> with <paramref name="nullable"/> means none.</summary>
    public static Parameter Choice(
        string name, IReadOnlyList<string> words, string meaning, string? @default = null, bool nullable = false) =>
        new(name, ParameterKind.Choice, nullable && @default is null ? double.NaN : Place(words, @default), meaning)
        {
            Words = words,
            Nullable = nullable,
        };

    /// <summary>The value that a word stands for, or NaN when it is none of <see cref="Words"/>.</summary>
    public double ValueOf(string word)
    {
        int place = Place(Words, word);
        return place < 0 ? double.NaN : place;
    }

    /// <summary>True when the value lies in the allowed range; null where null is allowed.</summary>
    public bool Allows(double value)
    {
        if (double.IsNaN(value) || value == NullAlias)
        {
            return Nullable;
        }

        return Kind switch
        {
            ParameterKind.Choice => value >= 0 && value < Words.Count,
            ParameterKind.Integer => value == Math.Truncate(value) && value >= Min && value <= Max,
            _ => double.IsFinite(value) && (MinOpen ? value > Min : value >= Min)
                && (MaxOpen ? value < Max : value <= Max),
        };
    }

    private static int Place(IReadOnlyList<string> words, string? word)
    {
        for (int place = 0; place < words.Count; place++)
        {
            if (words[place] == word)
            {
                return place;
            }
        }

        return word is null ? 0 : -1;
    }
}
