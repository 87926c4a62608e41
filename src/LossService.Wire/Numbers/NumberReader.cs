using System.Diagnostics;
using LossService.Engine.Numerics;

namespace LossService.Wire.Numbers;

/// <summary>Digits to floats: JSON numbers (RFC 8259, section 6) in UTF-8 to the nearest float or double, rounded once
/// from the decimal text, ties to even, at every length and size. The grammar is strict: no plus sign in front, no
/// leading zeros, digits on both sides of a point, no hexadecimal, no NaN. Denormals are kept, what is too small
/// becomes a zero of its sign, what is too large is reported. Nothing throws, allocates or depends on a culture.
/// </summary>
public static class NumberReader
{
    /// <summary>The longest literal in bytes: room for the exact digits of every double (at most 1,076 with sign and
    /// point), and short enough that the exact fallback takes microseconds.</summary>
    public const int LengthMax = 1_100;

    /// <summary>Reads the number that starts at <c>text[0]</c> and stops at the first byte that cannot belong to it.
    /// </summary>
    /// <param name="text">UTF-8 text; the number starts at its first byte.</param>
    /// <param name="isFinal">Nothing follows behind <paramref name="text"/>: a number at its end is complete.</param>
    /// <param name="value">The nearest float; ±infinity on Overflow; 0 otherwise.</param>
    /// <param name="consumed">See <see cref="NumberStatus"/>.</param>
    public static NumberStatus Read(ReadOnlySpan<byte> text, bool isFinal, out float value, out int consumed) =>
        Read<float, Binary32>(text, isFinal, out value, out _, out consumed);

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, bool, out float, out int)"/>
    public static NumberStatus Read(ReadOnlySpan<byte> text, bool isFinal, out double value, out int consumed) =>
        Read<double, Binary64>(text, isFinal, out value, out _, out consumed);

    /// <summary>Reads a number that may turn out to be a class index. Whether it is an integer is judged from the
    /// text: 2, 2.0, 2e0 and 20e-1 are, 1.00000001 and 1e-400 are not, whatever they round to.</summary>
    /// <param name="text">UTF-8 text; the number starts at its first byte.</param>
    /// <param name="isFinal">Nothing follows behind <paramref name="text"/>: a number at its end is complete.</param>
    /// <param name="label">The integer, or what stands for it in <see cref="Labels"/>;
    /// <see cref="Labels.NotAnInteger"/> also when no number was read. -0 is 0.</param>
    /// <param name="value">The same number as <c>Read</c> gives it.</param>
    /// <param name="consumed">See <see cref="NumberStatus"/>.</param>
    /// <returns>What <c>Read</c> returns: Overflow too, with a valid <paramref name="label"/>.</returns>
    public static NumberStatus ReadLabel(
        ReadOnlySpan<byte> text, bool isFinal, out int label, out float value, out int consumed)
    {
        NumberStatus status = Read<float, Binary32>(text, isFinal, out value, out Literal literal, out consumed);
        label = status is NumberStatus.Ok or NumberStatus.Overflow ? literal.ToLabel() : Labels.NotAnInteger;
        return status;
    }

    /// <inheritdoc cref="ReadLabel(ReadOnlySpan{byte}, bool, out int, out float, out int)"/>
    public static NumberStatus ReadLabel(
        ReadOnlySpan<byte> text, bool isFinal, out int label, out double value, out int consumed)
    {
        NumberStatus status = Read<double, Binary64>(text, isFinal, out value, out Literal literal, out consumed);
        label = status is NumberStatus.Ok or NumberStatus.Overflow ? literal.ToLabel() : Labels.NotAnInteger;
        return status;
    }

    /// <summary>Reads numbers separated by commas and JSON whitespace, as they stand inside an innermost array, from a
    /// place where a number should start (behind the bracket or a comma). The results do not depend on where a text is
    /// cut into segments.</summary>
    /// <param name="text">UTF-8 text.</param>
    /// <param name="isFinal">Nothing follows behind <paramref name="text"/>: a number at its end is complete.</param>
    /// <param name="destination">Takes the values; not empty.</param>
    /// <param name="count">How many numbers were read.</param>
    /// <param name="consumed">Where it stopped, always at a byte that <see cref="RunStatus"/> describes.</param>
    public static RunStatus ReadRun(
        ReadOnlySpan<byte> text, bool isFinal, Span<float> destination, out int count, out int consumed)
    {
        consumed = 0;
        return ReadRun(text, ref consumed, isFinal, destination, out count);
    }

    /// <inheritdoc cref="ReadRun(ReadOnlySpan{byte}, bool, Span{float}, out int, out int)"/>
    public static RunStatus ReadRun(
        ReadOnlySpan<byte> text, bool isFinal, Span<double> destination, out int count, out int consumed)
    {
        consumed = 0;
        return ReadRun(text, ref consumed, isFinal, destination, out count);
    }

    /// <summary>The same from a place in the text on, which moves to where it stopped: quicker than a slice, since the
    /// bytes before a number may be looked at.</summary>
    public static RunStatus ReadRun(
        ReadOnlySpan<byte> text, ref int at, bool isFinal, Span<float> destination, out int count) =>
        ReadRun<float, Binary32>(text, ref at, isFinal, destination, out count);

    /// <inheritdoc cref="ReadRun(ReadOnlySpan{byte}, ref int, bool, Span{float}, out int)"/>
    public static RunStatus ReadRun(
        ReadOnlySpan<byte> text, ref int at, bool isFinal, Span<double> destination, out int count) =>
        ReadRun<double, Binary64>(text, ref at, isFinal, destination, out count);

    private static NumberStatus Read<T, TFormat>(
        ReadOnlySpan<byte> text, bool isFinal, out T value, out Literal literal, out int consumed)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        value = default;
        NumberStatus status = Literal.Scan(text, isFinal, out literal, out consumed);
        if (status != NumberStatus.Ok)
        {
            return status;
        }
        ulong bits = Rounding.Nearest<T, TFormat>(literal);
        value = TFormat.FromBits(bits, literal.Negative);
        bool overflow = bits == (ulong)TFormat.ExponentMax << TFormat.SignificandBits;
        return overflow ? NumberStatus.Overflow : NumberStatus.Ok;
    }

    private static RunStatus ReadRun<T, TFormat>(
        ReadOnlySpan<byte> text, ref int at, bool isFinal, Span<T> destination, out int count)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        Debug.Assert(destination.Length > 0);
        count = 0;
        if (RunReader.Read<T, TFormat>(text, destination, ref count, ref at))
        {
            return RunStatus.AfterNumber;
        }
        while (true)
        {
            SkipWhitespace(text, ref at);
            if (at == text.Length)
            {
                return isFinal ? RunStatus.BeforeNumber : RunStatus.Incomplete;
            }
            if (text[at] != (byte)'-' && (uint)(text[at] - '0') > 9)
            {
                return RunStatus.BeforeNumber;
            }
            NumberStatus status = Read<T, TFormat>(text[at..], isFinal, out T value, out _, out int length);
            if (status != NumberStatus.Ok)
            {
                return status switch
                {
                    NumberStatus.Incomplete => RunStatus.Incomplete,
                    NumberStatus.Overflow => RunStatus.Overflow,
                    NumberStatus.TooLong => RunStatus.TooLong,
                    _ => RunStatus.Malformed,
                };
            }
            destination[count++] = value;
            at += length;
            SkipWhitespace(text, ref at);
            if (count == destination.Length || at == text.Length || text[at] != (byte)',')
            {
                return RunStatus.AfterNumber;
            }
            at++;
        }
    }

    // Reads a text that is nothing but one number and whitespace around it.
    internal static bool TryReadOnly<T, TFormat>(ReadOnlySpan<byte> text, ref T value)
        where T : unmanaged
        where TFormat : struct, IBinaryFormat<T>
    {
        int at = 0;
        SkipWhitespace(text, ref at);
        if (Read<T, TFormat>(text[at..], true, out T read, out _, out int length) != NumberStatus.Ok)
        {
            return false;
        }
        at += length;
        SkipWhitespace(text, ref at);
        value = read;
        return at == text.Length;
    }

    private static void SkipWhitespace(ReadOnlySpan<byte> text, ref int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            at++;
        }
    }
}
