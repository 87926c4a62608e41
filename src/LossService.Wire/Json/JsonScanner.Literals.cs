using LossService.Wire.Numbers;

namespace LossService.Wire.Json;

/// <summary>Numbers and words: tokens that only the byte behind them ends.</summary>
internal sealed partial class JsonScanner
{
    private JsonToken TakeNumber(ReadOnlySpan<byte> piece, ref int at, out ReadOnlySpan<byte> text)
    {
        int start = at;
        while (at < piece.Length && IsNumberByte(piece[at]))
        {
            at++;
        }

        text = piece[start..at];
        int length = _carried + text.Length;
        if (length > _numberBytesMax)
        {
            // Too long, unless it stops being a number within the limit.
            Carry(text[..(_numberBytesMax + 1 - _carried)]);
            text = _carry.Bytes[.._carried];
            NumberStatus head = NumberReader.Read(text, isFinal: false, out double _, out length);
            return head is NumberStatus.Incomplete or NumberStatus.TooLong
                ? Beyond(piece, at, "literal", _numberBytesMax, "bytes in one number")
                : NotANumber(piece, at, head, text, length);
        }

        if (_carried > 0 || at == piece.Length)
        {
            Carry(text);
            text = _carry.Bytes[.._carried];
        }

        if (at == piece.Length)
        {
            return JsonToken.None;
        }

        NumberStatus status = NumberReader.Read(text, isFinal: true, out double _, out length);
        return length == text.Length && status is NumberStatus.Ok or NumberStatus.Overflow
            ? Complete(JsonToken.Number) : NotANumber(piece, at, status, text, length);
    }

    private JsonToken NotANumber(
        ReadOnlySpan<byte> piece, int at, NumberStatus status, ReadOnlySpan<byte> text, int length)
    {
        byte wrong = length < text.Length ? text[length] : piece[at];
        string? hint = length == 1 && text[0] == (byte)'-' && wrong is (byte)'I' or (byte)'N' or (byte)'i' or (byte)'n'
            ? NonFiniteHint : null;
        bool isLeadingZero = status == NumberStatus.Malformed && wrong is >= (byte)'0' and <= (byte)'9';
        string expected = isLeadingZero ? "no digit behind a leading 0"
            : status == NumberStatus.Malformed ? "a digit" : BehindValue;
        return MalformedAt(_tokenStart + length, piece, at, expected, NameOf(wrong), hint);
    }

    private JsonToken TakeWord(ReadOnlySpan<byte> piece, ref int at)
    {
        int start = at;
        while (at < piece.Length && IsWordByte(piece[at]))
        {
            at++;
        }

        ReadOnlySpan<byte> text = piece[start..at];
        if (_carried + text.Length > WordBytesMax)
        {
            return MalformedAt(_tokenStart, piece, start, "a value", "a bare word", null);
        }

        Carry(text);
        if (at == piece.Length)
        {
            return JsonToken.None;
        }

        ReadOnlySpan<byte> word = _carry.Bytes[.._carried];
        JsonToken token = word switch
        {
            [(byte)'t', ..] when word.SequenceEqual("true"u8) => JsonToken.True,
            [(byte)'f', ..] when word.SequenceEqual("false"u8) => JsonToken.False,
            [(byte)'n', ..] when word.SequenceEqual("null"u8) => JsonToken.Null,
            _ => JsonToken.Fault,
        };
        if (token != JsonToken.Fault)
        {
            return Complete(token);
        }

        string? hint = word.SequenceEqual("NaN"u8) || word.SequenceEqual("Infinity"u8) || word.SequenceEqual("nan"u8)
            || word.SequenceEqual("inf"u8) ? NonFiniteHint : null;
        return MalformedAt(_tokenStart, piece, at, "a value", "a bare word", hint);
    }

    private void Carry(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_carry.Bytes[_carried..]);
        _carried += text.Length;
    }

    // All bytes that a number may hold somewhere; whether they stand in order is judged when it is whole.
    private static bool IsNumberByte(byte one) =>
        (uint)(one - '0') <= 9 || one is (byte)'.' or (byte)'-' or (byte)'+' or (byte)'e' or (byte)'E';

    private static bool IsWordByte(byte one) =>
        (uint)((one | 0x20) - 'a') <= 25 || (uint)(one - '0') <= 9 || one == (byte)'_';
}
