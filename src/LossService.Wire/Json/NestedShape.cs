using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>Finds the shape of arrays in arrays while they are read, and where they are ragged.</summary>
internal struct NestedShape
{
    private Levels _children;
    private Levels _lengths;

    /// <summary>How many arrays are open.</summary>
    public int Level { get; private set; }

    /// <summary>The level at which elements stand; negative until the first element or empty array shows it.</summary>
    public int Rank { get; set; }

    /// <summary>Where the value that comes next stands, axis by axis.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<int> Index => ((ReadOnlySpan<int>)_children)[..Level];

    /// <summary>Where the array that is open stands.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<int> RowIndex => ((ReadOnlySpan<int>)_children)[..(Level - 1)];

    /// <summary>The lengths found, outermost first; right if no row was ragged.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<int> Lengths => ((ReadOnlySpan<int>)_lengths)[..Math.Max(Rank, 0)];

    /// <summary>How many values the open array has so far.</summary>
    public readonly int Children => _children[Level - 1];

    /// <summary>The length that arrays of the open level have; -1 as long as none was closed.</summary>
    public readonly int Length => _lengths[Level - 1];

    /// <summary>Starts a tensor.</summary>
    public void Reset()
    {
        Level = 0;
        Rank = -1;
        ((Span<int>)_lengths).Fill(-1);
    }

    /// <summary>Opens an array; there are fewer than <see cref="Shape.RankMax"/>.</summary>
    public void Open() => _children[Level++] = 0;

    /// <summary>Takes note of values in the open array.</summary>
    public void Add(int values)
    {
        if (Level > 0)
        {
            _children[Level - 1] += values;
        }
    }

    /// <summary>Closes an array that is as long as its level's first one, or the first.</summary>
    public void Close()
    {
        if (Length < 0)
        {
            _lengths[Level - 1] = Children;
        }

        Rank = Rank < 0 ? Level : Rank;
        Level--;
        Add(1);
    }

    [InlineArray(Shape.RankMax)]
    private struct Levels
    {
        private int _first;
    }
}
