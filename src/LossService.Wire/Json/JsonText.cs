using System.Text;

namespace LossService.Wire.Json;

/// <summary>Strings as JSON: quoted, escaped where JSON demands it, otherwise UTF-8 as it is.</summary>
public static class JsonText
{
    /// <summary>Room enough for a string of so many UTF-16 units.</summary>
    public static int BytesMax(int length) => checked(2 + (6 * length));

    /// <summary>Writes a string with its quotes; returns how many bytes. Lone surrogates become U+FFFD. Does not
    /// allocate.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="destination">At least <see cref="BytesMax"/> bytes.</param>
    public static int Write(ReadOnlySpan<char> text, Span<byte> destination)
    {
        destination[0] = (byte)'"';
        int length = 1;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int value = rune.Value;
            if (value is '"' or '\\')
            {
                destination[length++] = (byte)'\\';
                destination[length++] = (byte)value;
            }
            else if (value < 0x20)
            {
                "\\u00"u8.CopyTo(destination[length..]);
                destination[length + 4] = (byte)('0' + (value >> 4));
                destination[length + 5] = (byte)"0123456789abcdef"[value & 15];
                length += 6;
            }
            else
            {
                length += rune.EncodeToUtf8(destination[length..]);
            }
        }

        destination[length++] = (byte)'"';
        return length;
    }
}
