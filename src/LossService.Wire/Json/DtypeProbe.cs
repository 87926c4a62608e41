using System.Buffers;
using LossService.Engine.Numerics;

namespace LossService.Wire.Json;

/// <summary>Looks through a whole body for its <c>dtype</c>, before its numbers are read in that precision.</summary>
/// <remarks>It only finds: what it sees is judged when the body is read. Most bodies do not hold the word at all, which
/// one vectorised search tells; the others are walked from bracket to bracket.</remarks>
internal static class DtypeProbe
{
    private static readonly SearchValues<byte> Brackets = SearchValues.Create("{}[]\""u8);

    private static ReadOnlySpan<byte> Word => "dtype"u8;

    /// <summary>The precision that the body's own member asks for, or null.</summary>
    public static Element? Find(in ReadOnlySequence<byte> body, TensorPool pool)
    {
        if (!MayHold(body))
        {
            return null;
        }

        if (body.IsSingleSegment)
        {
            return Find(body.FirstSpan);
        }

        using Lease copy = pool.Rent((int)body.Length);
        body.CopyTo(copy.Bytes);
        return Find(copy.Bytes);
    }

    // An escape may spell the word.
    private static bool MayHold(ReadOnlySpan<byte> text) => text.IndexOf(Word) >= 0 || text.Contains((byte)'\\');

    // Block by block, and where they meet: the word may begin in one and end in the next, or in one behind that.
    private static bool MayHold(in ReadOnlySequence<byte> body)
    {
        int most = Word.Length - 1;
        Span<byte> seam = stackalloc byte[2 * most];
        int before = 0;
        foreach (ReadOnlyMemory<byte> block in body)
        {
            ReadOnlySpan<byte> text = block.Span;
            int behind = Math.Min(text.Length, most);
            text[..behind].CopyTo(seam[before..]);
            if (MayHold(text) || seam[..(before + behind)].IndexOf(Word) >= 0)
            {
                return true;
            }

            ReadOnlySpan<byte> last = text.Length >= most ? text : seam[..(before + behind)];
            before = Math.Min(last.Length, most);
            last[^before..].CopyTo(seam);
        }

        return false;
    }

    private static Element? Find(ReadOnlySpan<byte> body)
    {
        int depth = 0;
        for (int at = 0; at < body.Length; at++)
        {
            int step = body[at..].IndexOfAny(Brackets);
            if (step < 0)
            {
                return null;
            }

            at += step;
            if (body[at] != (byte)'"')
            {
                depth += body[at] is (byte)'{' or (byte)'[' ? 1 : -1;
                continue;
            }

            ReadOnlySpan<byte> text = TextAt(body, ref at);
            if (depth == 1 && IsText(text, Word) && Skip(body, at + 1, (byte)':') is > 0 and var colon)
            {
                return Skip(body, colon, (byte)'"') is > 0 and var quote ? ValueAt(body, quote - 1) : null;
            }
        }

        return null;
    }

    private static Element? ValueAt(ReadOnlySpan<byte> body, int at)
    {
        ReadOnlySpan<byte> text = TextAt(body, ref at);
        return IsText(text, "float64"u8) ? Element.Float64 : IsText(text, "float32"u8) ? Element.Float32 : null;
    }

    // The raw text of the string that starts at a quote; the place moves to its closing quote, or the body's end.
    private static ReadOnlySpan<byte> TextAt(ReadOnlySpan<byte> body, ref int at)
    {
        int start = ++at;
        while (true)
        {
            int step = at < body.Length ? body[at..].IndexOfAny((byte)'"', (byte)'\\') : -1;
            if (step < 0)
            {
                at = body.Length;
                return [];
            }

            at += step;
            if (body[at] == (byte)'"')
            {
                return body[start..at];
            }

            at += 2;
        }
    }

    // The place behind the given byte, if only whitespace stands before it; otherwise 0.
    private static int Skip(ReadOnlySpan<byte> body, int at, byte wanted)
    {
        while (at < body.Length && body[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at < body.Length && body[at] == wanted ? at + 1 : 0;
    }

    // Raw text equals a word; "\u0064type" is dtype too.
    private static bool IsText(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> word)
    {
        int at = 0;
        foreach (byte letter in word)
        {
            if (at < raw.Length && raw[at] == letter)
            {
                at++;
            }
            else if (at + 6 <= raw.Length && raw[at] == (byte)'\\' && raw[at + 1] == (byte)'u'
                && int.TryParse(raw.Slice(at + 2, 4), System.Globalization.NumberStyles.AllowHexSpecifier,
                    System.Globalization.CultureInfo.InvariantCulture, out int code) && code == letter)
            {
                at += 6;
            }
            else
            {
                return false;
            }
        }

        return at == raw.Length;
    }
}
