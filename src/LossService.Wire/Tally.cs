using LossService.Engine;
using LossService.Engine.Numerics;

namespace LossService.Wire;

/// <summary>Elements of one input with the same mistake: the first of them, and how many there are.</summary>
internal struct Tally
{
    private int[]? _index;
    private string _expected;
    private string _found;

    /// <summary>How many elements have the mistake.</summary>
    public int Count { get; private set; }

    /// <summary>Counts one more element. The first one's index is kept.</summary>
    public void Add(ReadOnlySpan<int> index, string expected, string found)
    {
        if (Count++ == 0)
        {
            _index = index.ToArray();
            _expected = expected;
            _found = found;
        }
    }

    /// <summary>Adds the mistake to the list, if any element has it.</summary>
    /// <param name="mistakes">The list.</param>
    /// <param name="pointer">The input.</param>
    /// <param name="code">One of <see cref="Codes"/>.</param>
    /// <param name="flat">The shape by which a flat index is told axis by axis, where that is known; all elements lie
    /// within it.</param>
    public readonly void Report(Mistakes mistakes, string pointer, string code, Shape? flat)
    {
        if (Count == 0)
        {
            return;
        }

        // A value that stands alone has no index, and so there is nothing to count.
        bool isAlone = _index!.Length == 0;
        mistakes.Add(new(pointer, code, $"expected {_expected}, found {_found}")
        {
            Expected = _expected,
            Found = _found,
            Index = flat is { } shape && _index.Length == 1 ? shape.IndexOf(_index[0]) : isAlone ? null : _index,
            Count = isAlone ? null : Count,
        });
    }
}
