using LossService.Engine;

namespace LossService.Wire.Json;

/// <summary>What ends the reading, said in our own words and numbers: a body's bytes are never repeated.</summary>
internal sealed partial class JsonScanner
{
    private const string LowSurrogate = "the escape of a low surrogate behind that of a high one";
    private const string NonFiniteHint = "; send the strings \"NaN\", \"Infinity\", \"-Infinity\"";

    private JsonToken Malformed(ReadOnlySpan<byte> piece, int at, string expected) =>
        MalformedAt(Offset + at, piece, at, expected, at < piece.Length ? NameOf(piece[at]) : NameOf(0), null);

    private JsonToken MalformedAt(
        long offset, ReadOnlySpan<byte> piece, int at, string expected, string found, string? hint)
    {
        if (offset >= Offset && (_ended || piece.IsEmpty))
        {
            found = "the end of the body";
        }

        Fault = new("", Codes.MalformedJson, $"{Place(piece, at, offset)}: expected {expected}, found {found}{hint}")
        {
            Expected = expected,
            Found = found,
        };
        return JsonToken.Fault;
    }

    private JsonToken Beyond(ReadOnlySpan<byte> piece, int at, string limit, int max, string unit)
    {
        // A token is placed at its start: where in it the limit is noticed depends on how the body arrives.
        long offset = _part == Part.None ? Offset + at : _tokenStart;
        Fault = new("", Codes.LimitExceeded, $"{Place(piece, at, offset)}: more than {max} {unit}")
        {
            Limit = limit,
            Expected = $"at most {max} {unit}",
        };
        return JsonToken.Fault;
    }

    // No token holds a line break, so the lines before the scanner's place are those before the token.
    private string Place(ReadOnlySpan<byte> piece, int at, long offset) =>
        $"line {_lines + 1 + piece[..at].Count((byte)'\n')}, byte {offset}";

    private static string NameOf(byte one) => one switch
    {
        (byte)',' => "a comma",
        (byte)':' => "a colon",
        (byte)'[' => "[",
        (byte)']' => "]",
        (byte)'{' => "{",
        (byte)'}' => "}",
        (byte)'"' => "a quote",
        (byte)'\'' => "a single quote",
        (byte)'/' or (byte)'#' => "a comment or slash",
        (byte)'+' => "a plus sign",
        (byte)'-' => "a minus sign",
        (byte)'.' => "a point",
        (byte)'\\' => "a backslash",
        >= (byte)'0' and <= (byte)'9' => "a digit",
        (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') => "a letter",
        < 0x20 => "a control character",
        >= 0x80 => "a byte that is not ASCII",
        _ => "another character",
    };
}
