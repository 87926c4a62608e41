using LossService.Engine.Numerics;

namespace LossService.Wire.Numbers;

/// <summary>A number literal of RFC 8259 taken apart: ±Significand × 10^Exponent, and a little more if Truncated.
/// </summary>
internal ref struct Literal
{
    // Nineteen digits always fit an unsigned 64-bit integer.
    private const int DigitsKept = 19;

    // Far beyond what LengthMax digits can bring back into range, and far from overflowing an int.
    private const int ExponentLimit = 100_000;

    /// <summary>A minus sign stands first.</summary>
    public bool Negative;

    /// <summary>The first 19 digits, leading zeros not counted.</summary>
    public ulong Significand;

    /// <summary>The power of ten of the last digit in <see cref="Significand"/>.</summary>
    public int Exponent;

    /// <summary>A digit other than 0 follows behind the 19.</summary>
    public bool Truncated;

    /// <summary>All digits with their point, without sign and exponent.</summary>
    public ReadOnlySpan<byte> Digits;

    /// <summary>The exponent as written, 0 if none.</summary>
    public int WrittenExponent;

    /// <summary>Reads the literal that starts at <c>text[0]</c>. Statuses and <paramref name="consumed"/> as
    /// <see cref="NumberStatus"/> says; never Overflow.</summary>
    public static NumberStatus Scan(ReadOnlySpan<byte> text, bool isFinal, out Literal literal, out int consumed)
    {
        literal = default;
        if (text.Length > NumberReader.LengthMax)
        {
            // One byte more than a literal may have: whoever reaches this end is too long.
            text = text[..(NumberReader.LengthMax + 1)];
            isFinal = false;
        }
        bool wellFormed = literal.ScanCore(text, out int length);
        if (length > NumberReader.LengthMax)
        {
            consumed = 0;
            return NumberStatus.TooLong;
        }
        if (length == text.Length && !isFinal)
        {
            consumed = 0;
            return NumberStatus.Incomplete;
        }
        consumed = length;
        return wellFormed ? NumberStatus.Ok : NumberStatus.Malformed;
    }

    // The length of what can be read as a literal; false if text[length] (or the end there) breaks the grammar.
    private bool ScanCore(ReadOnlySpan<byte> text, out int length)
    {
        int at = 0;
        if (text.Length > 0 && text[0] == (byte)'-')
        {
            Negative = true;
            at = 1;
        }
        int first = at;
        int kept = 0;
        if (at < text.Length && text[at] == (byte)'0')
        {
            at++;
            // No leading zeros: a digit is not what may follow.
            if (at < text.Length && IsDigit(text[at]))
            {
                length = at;
                return false;
            }
        }
        else
        {
            for (; at < text.Length && IsDigit(text[at]); at++)
            {
                Exponent += Keep(text[at], ref kept) ? 0 : 1;
            }
        }
        length = at;
        if (at == first)
        {
            return false;
        }
        if (at < text.Length && text[at] == (byte)'.')
        {
            int point = at++;
            for (; at < text.Length && IsDigit(text[at]); at++)
            {
                Exponent -= Keep(text[at], ref kept) ? 1 : 0;
            }
            length = at;
            if (at == point + 1)
            {
                return false;
            }
        }
        Digits = text[first..at];
        return at >= text.Length || (text[at] | 0x20) != 'e' || ScanExponent(text, ref length);
    }

    private bool ScanExponent(ReadOnlySpan<byte> text, ref int length)
    {
        int at = length + 1;
        bool negative = false;
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+')
        {
            negative = text[at] == (byte)'-';
            at++;
        }
        int first = at;
        for (; at < text.Length && IsDigit(text[at]); at++)
        {
            WrittenExponent = Math.Min((WrittenExponent * 10) + (text[at] - '0'), ExponentLimit);
        }
        length = at;
        if (at == first)
        {
            return false;
        }
        WrittenExponent = negative ? -WrittenExponent : WrittenExponent;
        Exponent += WrittenExponent;
        return true;
    }

    // Appends a digit to the significand while there is room; false if it was dropped.
    private bool Keep(byte digit, ref int kept)
    {
        if (kept == DigitsKept)
        {
            Truncated |= digit != (byte)'0';
            return false;
        }
        Significand = (Significand * 10) + (uint)(digit - '0');
        kept += Significand == 0 ? 0 : 1;
        return true;
    }

    private static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    /// <summary>The integer label that the text says, or why it says none (<see cref="Labels"/>).</summary>
    public readonly int ToLabel()
    {
        if (Significand == 0)
        {
            return 0;
        }
        if (Truncated)
        {
            // More than 19 digits: if no digit but 0 stands behind the point, an integer far beyond 2^53.
            return LeastPlace() < 0 ? Labels.NotAnInteger : Labels.TooLarge;
        }
        ulong magnitude = Significand;
        if (Exponent >= 0)
        {
            return Exponent >= PowersOfTen.Integers.Length || magnitude > (1UL << 53) / PowersOfTen.Integers[Exponent]
                ? Labels.TooLarge
                : Labels.Of(magnitude * PowersOfTen.Integers[Exponent], Negative);
        }
        if (-Exponent >= PowersOfTen.Integers.Length)
        {
            return Labels.NotAnInteger;
        }
        (magnitude, ulong fraction) = Math.DivRem(magnitude, PowersOfTen.Integers[-Exponent]);
        return fraction == 0 ? Labels.Of(magnitude, Negative) : Labels.NotAnInteger;
    }

    // The power of ten of the last digit that is not 0; there is one.
    private readonly int LeastPlace()
    {
        int point = Digits.IndexOf((byte)'.');
        int last = Digits.LastIndexOfAnyInRange((byte)'1', (byte)'9');
        int units = point < 0 ? Digits.Length - 1 : point - 1;
        return WrittenExponent + (point >= 0 && last > point ? point - last : units - last);
    }
}
