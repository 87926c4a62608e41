namespace LossService.Wire.Numbers;

/// <summary>Decimal digits and a power of ten as the text of a JSON number, in the form that
/// <see cref="NumberWriter"/> promises.</summary>
internal static class DigitText
{
    /// <summary>Writes ±digits × 10^power; returns the length.</summary>
    public static int Write(ulong digits, int power, bool negative, int plainDigitsMax, Span<byte> destination)
    {
        Span<byte> text = stackalloc byte[20];
        while (digits != 0 && digits % 10 == 0)
        {
            digits /= 10;
            power++;
        }
        int first = text.Length;
        do
        {
            text[--first] = (byte)('0' + (digits % 10));
            digits /= 10;
        }
        while (digits != 0);
        text = text[first..];

        int at = 0;
        if (negative)
        {
            destination[at++] = (byte)'-';
        }
        int exponent = text is [(byte)'0'] ? 0 : power + text.Length - 1;
        if (exponent < NumberWriter.PlainExponentMin || exponent >= plainDigitsMax)
        {
            return WriteScientific(text, exponent, destination, at);
        }
        for (int place = Math.Max(exponent, 0); place > exponent - Math.Max(text.Length, exponent + 2); place--)
        {
            int index = exponent - place;
            destination[at++] = index >= 0 && index < text.Length ? text[index] : (byte)'0';
            if (place == 0)
            {
                destination[at++] = (byte)'.';
            }
        }
        return at;
    }

    private static int WriteScientific(ReadOnlySpan<byte> digits, int exponent, Span<byte> destination, int at)
    {
        destination[at++] = digits[0];
        if (digits.Length > 1)
        {
            destination[at++] = (byte)'.';
            digits[1..].CopyTo(destination[at..]);
            at += digits.Length - 1;
        }
        destination[at++] = (byte)'e';
        if (exponent < 0)
        {
            destination[at++] = (byte)'-';
            exponent = -exponent;
        }
        if (exponent >= 100)
        {
            destination[at++] = (byte)('0' + (exponent / 100));
        }
        if (exponent >= 10)
        {
            destination[at++] = (byte)('0' + (exponent / 10 % 10));
        }
        destination[at++] = (byte)('0' + (exponent % 10));
        return at;
    }
}
