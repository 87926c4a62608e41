using System.Buffers;
using System.Text;

namespace LossService.Wire.Json;

/// <summary>Strings: escapes, surrogates and UTF-8, whatever byte a piece ends at.</summary>
internal sealed partial class JsonScanner
{
    private const int EscapeLetter = 1;
    private const int EscapeDigit = 2;
    private const int EscapeEnd = 6;

    // All bytes at which a plain run of text stops: the quote, the backslash, controls, and what is not ASCII.
    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(one => (byte)one),
            .. Enumerable.Range(0x80, 0x80).Select(one => (byte)one)]);

    private bool _isName;
    private bool _streams;
    private int _escape;
    private int _code;
    private int _highSurrogate;
    private int _continuations;
    private byte _continuationMin;
    private byte _continuationMax;

    private JsonToken BeginText(ReadOnlySpan<byte> piece, ref int at, out ReadOnlySpan<byte> text)
    {
        Begin(Part.Text, at);
        _isName = _state is State.Name or State.NameOrEnd;
        _streams = StreamsNextText && !_isName;
        StreamsNextText = StreamsNextText && _isName;
        at++;

        // Nearly every string is whole and plain: it is handed out where it stands.
        int length = piece[at..].IndexOfAny(Special);
        if (!_streams && length >= 0 && length <= _textBytesMax && piece[at + length] == (byte)'"')
        {
            text = piece.Slice(at, length);
            at += length + 1;
            return Complete(_isName ? JsonToken.Name : JsonToken.String);
        }

        return TakeText(piece, ref at, out text);
    }

    private JsonToken TakeText(ReadOnlySpan<byte> piece, ref int at, out ReadOnlySpan<byte> text)
    {
        text = default;
        while (at < piece.Length)
        {
            if (_streams && _carried > 0 && _continuations == 0 && _escape == 0 && _highSurrogate == 0)
            {
                text = _carry.Bytes[.._carried];
                _carried = 0;
                return JsonToken.TextPart;
            }

            byte next = piece[at];
            if (_continuations > 0 || _escape > 0)
            {
                string? problem = _escape > 0 ? StepEscape(next) : StepContinuation(next);
                if (problem is not null)
                {
                    return Malformed(piece, at, problem);
                }

                at++;
            }
            else if (_highSurrogate != 0 && next != (byte)'\\')
            {
                return Malformed(piece, at, LowSurrogate);
            }
            else
            {
                int run = piece[at..].IndexOfAny(Special);
                run = run < 0 ? piece.Length - at : run;
                if (run > 0 && _streams)
                {
                    text = piece.Slice(at, run);
                    at += run;
                    return JsonToken.TextPart;
                }

                // One byte more than the limit is kept, so that the check below sees it.
                Carry(piece.Slice(at, Math.Min(run, _textBytesMax + 1 - _carried)));
                at += run;
                if (run == 0)
                {
                    at++;
                    if (next == (byte)'"')
                    {
                        text = _carry.Bytes[.._carried];
                        return Complete(_streams ? JsonToken.TextEnd : _isName ? JsonToken.Name : JsonToken.String);
                    }

                    if (StepSpecial(next) is { } problem)
                    {
                        return Malformed(piece, at - 1, problem);
                    }
                }
            }

            if (_carried > _textBytesMax)
            {
                return Beyond(piece, at, "literal", _textBytesMax, "bytes in one string");
            }
        }

        return JsonToken.None;
    }

    // The bytes that begin something: an escape or a character of several bytes. Ranges as in RFC 3629.
    private string? StepSpecial(byte next)
    {
        if (next == (byte)'\\')
        {
            _escape = EscapeLetter;
            return null;
        }

        if (next < 0x20)
        {
            return "a string without control characters";
        }

        _continuationMin = next switch { 0xE0 => 0xA0, 0xF0 => 0x90, _ => 0x80 };
        _continuationMax = next switch { 0xED => 0x9F, 0xF4 => 0x8F, _ => 0xBF };
        _continuations = next switch
        {
            >= 0xC2 and <= 0xDF => 1,
            >= 0xE0 and <= 0xEF => 2,
            >= 0xF0 and <= 0xF4 => 3,
            _ => 0,
        };
        Carry([next]);
        return _continuations == 0 ? "valid UTF-8" : null;
    }

    private string? StepContinuation(byte next)
    {
        if (next < _continuationMin || next > _continuationMax)
        {
            return "valid UTF-8";
        }

        _continuationMin = 0x80;
        _continuationMax = 0xBF;
        _continuations--;
        Carry([next]);
        return null;
    }

    private string? StepEscape(byte next)
    {
        if (_escape == EscapeLetter)
        {
            int plain = next switch
            {
                (byte)'"' or (byte)'\\' or (byte)'/' => next,
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                _ => -1,
            };
            if (next != (byte)'u' && _highSurrogate != 0)
            {
                return LowSurrogate;
            }

            _escape = next == (byte)'u' ? EscapeDigit : 0;
            _code = 0;
            if (plain >= 0)
            {
                Carry([(byte)plain]);
            }

            return plain < 0 && next != (byte)'u' ? "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u" : null;
        }

        if (!char.IsAsciiHexDigit((char)next))
        {
            return "a hexadecimal digit";
        }

        _code = (_code << 4) + Convert.ToInt32(next <= (byte)'9' ? next - '0' : (next | 0x20) - 'a' + 10);
        return ++_escape == EscapeEnd ? FinishEscape() : null;
    }

    private string? FinishEscape()
    {
        _escape = 0;
        if (_highSurrogate == 0 && char.IsHighSurrogate((char)_code))
        {
            _highSurrogate = _code;
            return null;
        }

        if (char.IsLowSurrogate((char)_code) != (_highSurrogate != 0))
        {
            return _highSurrogate != 0 ? LowSurrogate : "no low surrogate without a high one";
        }

        Rune rune = _highSurrogate != 0 ? new((char)_highSurrogate, (char)_code) : new((char)_code);
        _highSurrogate = 0;
        Span<byte> bytes = stackalloc byte[4];
        Carry(bytes[..rune.EncodeToUtf8(bytes)]);
        return null;
    }
}
