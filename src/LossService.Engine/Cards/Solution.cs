using System.Runtime.InteropServices;
using LossService.Engine.Numerics;

namespace LossService.Engine.Cards;

/// <summary>The lengths that a request's symbols stand for, and the form each of its inputs was found to
/// have.</summary>
public sealed class Solution
{
    private readonly List<(string Symbol, int Length)> _lengths = [];
    private readonly InputForm?[] _forms;

    internal Solution(int inputs) => _forms = new InputForm?[inputs];

    /// <summary>The shape of the unreduced loss.</summary>
    public Shape Items { get; internal set; }

    /// <summary>The axes that the starred symbol stands for.</summary>
    public Shape Rest { get; internal set; } = Shape.Scalar;

    /// <summary>The lists that one flat axis is cut into, where a request cuts it.</summary>
    public ListCut? Lists { get; internal set; }

    /// <summary>The rows of an input that has them packed.</summary>
    public ListCut? Packed { get; internal set; }

    /// <summary>The place of the input that introduced the symbols.</summary>
    public int First { get; internal set; }

    /// <summary>The name of the input that introduced the symbols.</summary>
    public string IntroducedBy { get; internal set; } = "";

    /// <summary>The length of the first axis of the items: samples; 1 for a scalar.</summary>
    public int Samples => Items.Rank == 0 ? 1 : Items[0];

    /// <summary>How many rows of classes or coordinates there are: N times all further axes.</summary>
    public int Rows => Has("N") ? Length("N") * Rest.Elements : 1;

    /// <summary>The length a symbol stands for, or <paramref name="fallback"/> where the request has no such
    /// axis.</summary>
    public int Length(string symbol, int fallback = 1)
    {
        foreach ((string known, int length) in CollectionsMarshal.AsSpan(_lengths))
        {
            if (known[0] == symbol[0] && known == symbol) // most symbols are a letter, and most are not this one
            {
                return length;
            }
        }

        return fallback;
    }

    /// <summary>True when the symbol stands for something.</summary>
    public bool Has(string symbol) => Length(symbol, -1) >= 0;

    /// <summary>The form of the input at this place; null when it was not given.</summary>
    public InputForm? Form(int place) => _forms[place];

    internal void Bind(string symbol, int length) => _lengths.Add((symbol, length));

    internal void SetForm(int place, InputForm form) => _forms[place] = form;

    /// <summary>The symbols whose lengths came from elsewhere, for messages: <c>N, C</c>.</summary>
    internal static string SymbolsOf(InputForm form) => string.Join(", ", form.Pattern.Symbols.Append(form.Pattern.Rest)
        .Where(s => s is not null && s != form.Introduces && !char.IsAsciiDigit(s[0])));

    /// <summary>The shape a pattern stands for; false when it has a symbol without a length.</summary>
    internal bool TryEvaluate(ShapePattern pattern, out Shape shape)
    {
        Span<int> lengths = stackalloc int[2 * Shape.RankMax];
        int rank = 0;
        for (int axis = 0; axis < pattern.Symbols.Count; axis++)
        {
            string symbol = pattern.Symbols[axis];
            int length = char.IsAsciiDigit(symbol[0]) ? symbol[0] - '0' : Length(symbol, -1);
            lengths[rank++] = length;
            if (length < 0)
            {
                shape = default;
                return false;
            }
        }

        if (pattern.IsCut && Rest.Rank == 0)
        {
            shape = default;
            return false; // nothing to leave out
        }

        if (pattern.Rest is not null)
        {
            Rest.CopyTo(lengths[rank..]);
            rank += Rest.Rank - (pattern.IsCut ? 1 : 0);
        }

        foreach (int length in pattern.Last)
        {
            lengths[rank++] = length;
        }

        shape = new(lengths[..rank]);
        return true;
    }
}
