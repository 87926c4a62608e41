using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace LossService.Wire.Numbers;

/// <summary>How the nine digits of a float become its text, one row an exponent: the form that
/// <see cref="NumberWriter"/> promises as data, so that plain and scientific numbers take the same way.</summary>
/// <remarks>Computed once: 84 rows of literals would be as many to trust.</remarks>
internal static class TextRows
{
    /// <summary>Bytes of a row: 16 that say which byte of the source each byte of the text is, then 8 with what stands
    /// behind the digits, and then what the offsets below say.</summary>
    public const int RowBytes = 1 << RowBytesLog2;

    /// <summary>Its logarithm.</summary>
    public const int RowBytesLog2 = 6;

    /// <summary>Where in a row the text behind the digits stands: an exponent, and a comma.</summary>
    public const int Suffix = 16;

    /// <summary>Where in a row its length stands.</summary>
    public const int SuffixLength = 24;

    /// <summary>Where in a row the lengths before the suffix stand, by the number of zeros at the digits' end.
    /// </summary>
    public const int Lengths = 25;

    /// <summary>The exponent of the least float.</summary>
    public const int ExponentMin = -45;

    /// <summary>In the source the last eight of the nine digits come first, then the first one, then a point, then a
    /// zero.</summary>
    public const int TopDigit = 8;

    private const int Point = 9;
    private const int Zero = 10;
    private const int ExponentMax = 38;
    private const int Digits = 9;
    private const byte Nothing = 0x80;

    private static readonly byte[] All = Compute();

    /// <summary>The first row, of <see cref="ExponentMin"/>.</summary>
    public static ref byte First => ref MemoryMarshal.GetArrayDataReference(All);

    private static byte[] Compute()
    {
        // Pinned, so that its address never changes.
        byte[] rows = GC.AllocateArray<byte>(RowBytes * (ExponentMax - ExponentMin + 1), pinned: true);
        for (int exponent = ExponentMin; exponent <= ExponentMax; exponent++)
        {
            Span<byte> row = rows.AsSpan(RowBytes * (exponent - ExponentMin), RowBytes);
            bool plain = exponent is >= NumberWriter.PlainExponentMin and < NumberWriter.FloatPlainDigits;
            string suffix = plain ? "," : string.Create(CultureInfo.InvariantCulture, $"e{exponent},");
            Encoding.ASCII.GetBytes(suffix, row[Suffix..]);
            row[SuffixLength] = (byte)suffix.Length;
            for (int zeros = 0; zeros < Digits; zeros++)
            {
                int digits = Digits - zeros;
                row[Lengths + zeros] = (byte)(!plain ? digits + (digits > 1 ? 1 : 0)
                    : exponent < 0 ? 1 - exponent + digits : Math.Max(digits, exponent + 2) + 1);
            }
            FillSources(row[..Suffix], plain ? exponent : 0);
        }
        return rows;
    }

    private static void FillSources(Span<byte> sources, int exponent)
    {
        sources.Fill(Nothing);
        int at = 0;
        for (int digit = Math.Min(exponent, 0); at < sources.Length && digit <= Digits; digit++)
        {
            sources[at++] = (byte)(digit is < 0 or Digits ? Zero : digit == 0 ? TopDigit : digit - 1);
            if (digit == exponent)
            {
                sources[at++] = Point;
            }
        }
    }
}
