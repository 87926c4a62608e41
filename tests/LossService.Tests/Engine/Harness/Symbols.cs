using LossService.Engine.Cards;

namespace LossService.Tests.Engine.Harness;

/// <summary>The lengths that a sample's symbols stand for; the form of the first input introduces them.</summary>
internal sealed class Symbols(Random random, Wish wish)
{
    private readonly Dictionary<string, int> _lengths = [];
    private readonly Dictionary<string, int[]> _rests = [];
    private ShapePattern _first = ShapePattern.Parse("");

    /// <summary>Which form of the first input introduced the symbols.</summary>
    public int Alternative { get; private set; }

    /// <summary>True when the first axis of the first input is that of the samples.</summary>
    public bool HasSamples => _first.Symbols.Contains("N") || (_first.Symbols.Count == 0 && Shape(_first).Length > 0);

    /// <summary>True when the first input is one axis of elements, without samples.</summary>
    public bool IsFlat => _first.Symbols is ["L"];

    public int Length(string symbol) => _lengths[symbol];

    public IReadOnlyDictionary<string, int> Lengths => _lengths;

    public void Bind(string symbol, int length) => _lengths[symbol] = length;

    /// <summary>Cuts the flat axis into lists, each of them an item.</summary>
    public void Cut(int lists) => _lengths["G"] = lists;

    /// <summary>Draws the lengths of the first input's axes.</summary>
    /// <param name="form">Its form.</param>
    /// <param name="alternative">Which of its forms that is.</param>
    /// <param name="parts">How many parts the first axis has, where the form says so.</param>
    public void Introduce(InputForm form, int alternative, int parts = 1)
    {
        Alternative = alternative;
        _first = form.Pattern;
        foreach (string symbol in form.Pattern.Symbols)
        {
            // Of several axes beside the samples the last is the row that a test may want long.
            int? wanted = symbol == form.Pattern.Symbols[^1] ? wish.Row : wish.Row is { } row ? Math.Min(row, 9) : null;
            _lengths[symbol] = char.IsAsciiDigit(symbol[0]) ? symbol[0] - '0' : symbol == "N"
                ? wish.Samples ?? random.Next(6)
                : wanted ?? (random.Next(8) == 0 ? random.Next(30, 41) : random.Next(1, 7));
        }

        if (form.Parts is not null)
        {
            _lengths["N"] = wish.Samples ?? random.Next(6);
            _lengths[form.Pattern.Symbols[0]] = parts * _lengths["N"];
        }

        if (form.Pattern.Rest is { } rest)
        {
            _rests[rest] = Rest(form.Pattern.Symbols.Count > 0);
        }

        // What an elementwise loss calls a class stands on the second axis, or on the only one.
        if (form.Pattern.Symbols.Count == 0 && _rests.Values.FirstOrDefault() is [.., _] axes)
        {
            _lengths["C"] = axes.Length > 1 ? axes[1] : axes[0];
        }
    }

    /// <summary>True when an input may be written so beside the first: its symbols are known, and what is no weight has
    /// every axis that the first has, but for the classes.</summary>
    public bool Allows(InputForm form, Input input)
    {
        if (form.Packed)
        {
            return _lengths.ContainsKey("N") && wish.Samples is null; // no test takes samples out of a packed row
        }

        if (form.IsShared)
        {
            // What samples share is none of theirs.
            int rank = _rests[_first.Rest!].Length;
            return form.Pattern.IsCut ? rank > (wish.Independent ? 1 : 0) : !wish.Independent;
        }

        if (form.Needs is { } needed ? !_lengths.ContainsKey(needed)
            : input.Forms.Any(other => other != form && other.Axes == form.Axes && other.Needs is { } axis && _lengths.ContainsKey(axis)))
        {
            return false; // the form that needs an axis comes first where the axis is there
        }

        if (form.Kind == InputKind.Place)
        {
            return _first.Symbols.Contains("N");
        }

        bool known = form.Pattern.Symbols.All(symbol => symbol == form.Introduces || _lengths.ContainsKey(symbol))
            && (form.Pattern.Rest is null || _rests.ContainsKey(form.Pattern.Rest));
        bool weight = input.Optional && input.NeededWith is null && form.Kind == InputKind.Number;
        weight |= input.Beside is not null && form.Introduces is not null;
        bool whole = form.Pattern.Symbols.Contains("N") == _lengths.ContainsKey("N") && form.Pattern.Rest == _first.Rest;
        return known && (weight || whole) && Math.Max(1, _lengths.GetValueOrDefault("C", 1)) >= form.ClassesMin;
    }

    public ShapePattern Items(LossCard card, Question question)
    {
        string items = card.Items;
        if (_lengths.ContainsKey("G"))
        {
            return ShapePattern.Parse("G");
        }

        if (card.ItemsWith is { } other
            && question.Parameters.GetValueOrDefault(other.Parameter.Name, other.Parameter.Default) == other.Parameter.ValueOf(other.Word))
        {
            items = other.Items;
        }

        string[] alternatives = items.Split('|');
        return ShapePattern.Parse(alternatives[Math.Min(Alternative, alternatives.Length - 1)]);
    }

    public int[] Shape(ShapePattern pattern) =>
        [
            .. pattern.Symbols.Select(symbol => char.IsAsciiDigit(symbol[0]) ? symbol[0] - '0' : _lengths[symbol]),
            .. pattern.Rest is null ? [] : Rest(pattern), .. pattern.Last,
        ];

    public Slicing SlicingOf(InputForm form)
    {
        if (form.Kind == InputKind.Place)
        {
            return Slicing.Places;
        }

        if (form.Pattern.Symbols is ["F"])
        {
            return Slicing.Flat;
        }

        if (form.Pattern.Symbols is [_, "N", ..])
        {
            return Slicing.SecondAxis;
        }

        bool samples = form.Pattern.Symbols is ["N", ..]
            || (form.Pattern.Symbols.Count == 0 && form.Pattern.Rest is not null && Rest(form.Pattern).Length > 0)
            || (form.Pattern.Symbols is ["C"] && _first.Symbols.Count == 0 && Shape(_first).Length == 1);
        return samples ? Slicing.FirstAxis : Slicing.Whole;
    }

    private int[] Rest(ShapePattern pattern) =>
        pattern.IsCut ? _rests[pattern.Rest!][..^1] : _rests[pattern.Rest!];

    private int[] Rest(bool behindRows)
    {
        if (behindRows)
        {
            return wish.Plain ? [] : [.. Enumerable.Range(0, random.Next(3)).Select(_ => random.Next(1, 4))];
        }

        if (wish.Plain)
        {
            return [wish.Samples ?? random.Next(20)];
        }

        int[] axes = random.Next(4) == 0 && wish.Samples is null ? [random.Next(258)]
            : [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(1, 5))];
        return wish.Samples is { } samples ? [samples, .. axes.Skip(1)] : axes;
    }
}
