using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace LossService.Engine.Numerics;

/// <summary>The lengths of a tensor's axes, outermost first; at most <see cref="RankMax"/> of them, never
/// negative.</summary>
/// <remarks>A value without heap parts, so that shapes cost a request nothing.</remarks>
public readonly struct Shape : IEquatable<Shape>, ISpanFormattable
{
    /// <summary>The most axes a tensor may have.</summary>
    public const int RankMax = 8;

    private const int TextLengthMax = RankMax * 12; // the digits of an int, a comma and a space each

    private readonly Axes _axes;

    /// <summary>Makes a shape; the product of the lengths must fit an <see cref="int"/>.</summary>
    public Shape(params ReadOnlySpan<int> lengths)
    {
        Debug.Assert(lengths.Length <= RankMax, "readers refuse a higher rank");
        Rank = lengths.Length;
        int elements = 1;
        for (int axis = 0; axis < lengths.Length; axis++)
        {
            Debug.Assert(lengths[axis] >= 0, "a length is never negative");
            _axes[axis] = lengths[axis];
            elements = checked(elements * lengths[axis]);
        }

        Elements = elements;
    }

    /// <summary>How many axes there are; 0 for a scalar.</summary>
    public int Rank { get; }

    /// <summary>The product of all lengths; 1 for a scalar.</summary>
    public int Elements { get; }

    /// <summary>The shape of a single number.</summary>
    public static Shape Scalar { get; } = new([]);

    /// <summary>The length of one axis.</summary>
    public int this[int axis] => axis < Rank ? _axes[axis] : throw new ArgumentOutOfRangeException(nameof(axis));

    /// <summary>The lengths in order, copied into <paramref name="destination"/>.</summary>
    public ReadOnlySpan<int> CopyTo(Span<int> destination)
    {
        for (int axis = 0; axis < Rank; axis++)
        {
            destination[axis] = _axes[axis];
        }

        return destination[..Rank];
    }

    /// <summary>The axes from <paramref name="start"/> on.</summary>
    public Shape From(int start)
    {
        Span<int> lengths = stackalloc int[RankMax];
        return new(CopyTo(lengths)[start..]);
    }

    /// <summary>Where the element at <paramref name="offset"/> in row-major order stands, axis by axis.</summary>
    public int[] IndexOf(int offset)
    {
        var index = new int[Rank];
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            index[axis] = offset % _axes[axis];
            offset /= _axes[axis];
        }

        return index;
    }

    /// <inheritdoc/>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank)
        {
            return false;
        }

        for (int axis = 0; axis < Rank; axis++)
        {
            if (_axes[axis] != other._axes[axis])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rank, Elements);

    /// <summary>Two shapes are equal when all their axes are.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>The opposite of equality.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>The shape as it stands in JSON: <c>[2, 3]</c>.</summary>
    public override string ToString()
    {
        Span<char> text = stackalloc char[TextLengthMax];
        TryFormat(text, out int length, default, null);
        return new(text[..length]);
    }

    /// <inheritdoc/>
    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <summary>The same text without a string of its own.</summary>
    public bool TryFormat(
        Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        charsWritten = 0;
        for (int axis = 0; axis < Rank; axis++)
        {
            if (!destination[charsWritten..].TryWrite(
                CultureInfo.InvariantCulture, $"{(axis == 0 ? "[" : ", ")}{_axes[axis]}", out int length))
            {
                return false;
            }

            charsWritten += length;
        }

        if (!(Rank == 0 ? "[]" : "]").TryCopyTo(destination[charsWritten..]))
        {
            return false;
        }

        charsWritten += Rank == 0 ? 2 : 1;
        return true;
    }

    [InlineArray(RankMax)]
    private struct Axes
    {
        private int _first;
    }
}
