using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire.Numbers;

namespace LossService.Wire.Json;

/// <summary>Takes JSON (RFC 8259, nothing more) apart as it arrives, in pieces of any size, at a cost linear in its
/// bytes.</summary>
/// <remarks>A state machine without recursion. A token that a piece cuts is kept in one pooled buffer until its rest
/// arrives; all other text is handed out in place. Validates UTF-8 everywhere. One thread at a time.</remarks>
internal sealed partial class JsonScanner : IDisposable
{
    private const int DepthBits = 64;
    private const int WordBytesMax = 16;

    private readonly Lease _carry;
    private readonly int _depthMax;
    private readonly int _numberBytesMax;
    private readonly int _textBytesMax;
    private State _state = State.Value;
    private Part _part;
    private int _carried;
    private ulong _objects;
    private long _lines;
    private long _tokenStart;
    private bool _ended;

    /// <summary>Starts at the first byte of a body.</summary>
    public JsonScanner(ReadLimits limits, TensorPool pool)
    {
        _depthMax = Math.Min(limits.DepthMax, DepthBits);
        _numberBytesMax = Math.Min(limits.LiteralBytesMax, NumberReader.LengthMax);
        _textBytesMax = limits.LiteralBytesMax;
        RunsKeepLimits = limits.LiteralBytesMax >= NumberReader.LengthMax;
        // A character of four bytes may pass the limit before it is noticed.
        _carry = pool.Rent(Math.Max(_textBytesMax, WordBytesMax) + 4);
    }

    private enum State : byte
    {
        Value,
        ValueOrEnd,
        Name,
        NameOrEnd,
        Colon,
        AfterValue,
        Done,
    }

    private enum Part : byte
    {
        None,
        Mark,
        Number,
        Word,
        Text,
    }

    /// <summary>How many containers are open.</summary>
    public int Depth { get; private set; }

    /// <summary>How many bytes lie behind the pieces that were passed to <see cref="Advance"/>.</summary>
    public long Offset { get; private set; }

    /// <summary>What ended the reading, after <see cref="JsonToken.Fault"/>.</summary>
    public Mistake? Fault { get; private set; }

    /// <summary>Hands the next value out in parts without a limit, if it is a string.</summary>
    public bool StreamsNextText { get; set; }

    // A run takes numbers up to the reader's own limit; with a smaller one each must be looked at.
    private bool RunsKeepLimits { get; }

    private bool IsInObject => (_objects >> (Depth - 1) & 1) != 0;

    private string BehindValue => Depth == 0 ? "the end of the body" : IsInObject ? "a comma or }" : "a comma or ]";

    /// <summary>The next token of this piece, or <see cref="JsonToken.None"/> at its end.</summary>
    /// <param name="piece">Bytes of the body.</param>
    /// <param name="at">Where to start in them, and where the token ended.</param>
    /// <param name="text">The text of a name, string or number; valid until the next call.</param>
    public JsonToken Read(ReadOnlySpan<byte> piece, ref int at, out ReadOnlySpan<byte> text)
    {
        text = default;
        while (true)
        {
            if (_part != Part.None)
            {
                JsonToken resumed = Resume(piece, ref at, out text);
                if (resumed != JsonToken.None || at == piece.Length)
                {
                    return resumed;
                }
            }

            SkipSpace(piece, ref at);
            if (at == piece.Length)
            {
                return JsonToken.None;
            }

            byte next = piece[at];
            switch (_state)
            {
                case State.AfterValue when next == (byte)',':
                    _state = IsInObject ? State.Name : State.Value;
                    at++;
                    break;
                case State.AfterValue when next == (IsInObject ? (byte)'}' : (byte)']'):
                case State.ValueOrEnd when next == (byte)']':
                case State.NameOrEnd when next == (byte)'}':
                    at++;
                    return Close();
                case State.AfterValue:
                    return Malformed(piece, at, BehindValue);
                case State.Colon when next == (byte)':':
                    _state = State.Value;
                    at++;
                    break;
                case State.Colon:
                    return Malformed(piece, at, "a colon");
                case State.Name or State.NameOrEnd when next == (byte)'"':
                    return BeginText(piece, ref at, out text);
                case State.Name:
                    return Malformed(piece, at, "a member's name in double quotes");
                case State.NameOrEnd:
                    return Malformed(piece, at, "a member's name in double quotes, or }");
                case State.Done:
                    return Malformed(piece, at, "the end of the body");
                case State.Value when next == 0xEF && Offset + at == 0:
                    _part = Part.Mark;
                    break;
                default:
                    return BeginValue(piece, ref at, out text);
            }
        }
    }

    /// <summary>Tells that a piece is used up.</summary>
    public void Advance(ReadOnlySpan<byte> piece)
    {
        // The space behind the end is not part of the body.
        Offset += _ended ? 0 : piece.Length;
        _lines += piece.Count((byte)'\n');
    }

    /// <summary>Tells that no byte follows. What is then to be read is a piece of one space, which ends a
    /// number.</summary>
    public void End() => _ended = true;

    /// <summary>True if the body was whole; otherwise <see cref="Fault"/> says what is missing.</summary>
    public bool IsComplete()
    {
        if (_state == State.Done)
        {
            return true;
        }

        string missing = _part == Part.Text ? "a closing quote" : Depth == 0 ? "an object" : IsInObject ? "}" : "]";
        Malformed([], 0, missing);
        return false;
    }

    /// <summary>Goes to where an element of an array may stand, behind a comma if need be, so that a run of numbers can
    /// be read past the scanner.</summary>
    public bool TryReachElement(ReadOnlySpan<byte> piece, ref int at)
    {
        if (_part != Part.None || Depth == 0 || IsInObject || !RunsKeepLimits)
        {
            return false;
        }

        if (_state == State.AfterValue)
        {
            SkipSpace(piece, ref at);
            if (at < piece.Length && piece[at] == (byte)',')
            {
                _state = State.Value;
                at++;
            }
        }

        return _state <= State.ValueOrEnd;
    }

    /// <summary>Tells that elements of the current array were read past the scanner.</summary>
    /// <param name="behindValue">True behind an element, false behind a comma.</param>
    public void TookElements(bool behindValue) => _state = behindValue ? State.AfterValue : State.Value;

    /// <summary>Tells that an array was closed and the next one opened past the scanner.</summary>
    public void TookRow() => _state = State.ValueOrEnd;

    /// <inheritdoc/>
    public void Dispose() => _carry.Dispose();

    /// <summary>Moves to the next byte that is no whitespace, or to the end.</summary>
    internal static void SkipSpace(ReadOnlySpan<byte> piece, ref int at)
    {
        while (at < piece.Length && piece[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }
    }

    private JsonToken BeginValue(ReadOnlySpan<byte> piece, ref int at, out ReadOnlySpan<byte> text)
    {
        text = default;
        byte next = piece[at];
        if (next == (byte)'"')
        {
            return BeginText(piece, ref at, out text);
        }

        StreamsNextText = false;
        switch (next)
        {
            case (byte)'{' or (byte)'[':
                return Open(piece, ref at, next == (byte)'{');
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                Begin(Part.Number, at);
                return TakeNumber(piece, ref at, out text);
            case (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z'):
                Begin(Part.Word, at);
                return TakeWord(piece, ref at);
            default:
                return Malformed(piece, at, _state == State.ValueOrEnd ? "a value or ]" : "a value");
        }
    }

    private JsonToken Resume(ReadOnlySpan<byte> piece, ref int at, out ReadOnlySpan<byte> text)
    {
        text = default;
        return _part switch
        {
            Part.Number => TakeNumber(piece, ref at, out text),
            Part.Word => TakeWord(piece, ref at),
            Part.Text => TakeText(piece, ref at, out text),
            _ => TakeMark(piece, ref at),
        };
    }

    private void Begin(Part part, int at)
    {
        _part = part;
        _carried = 0;
        _tokenStart = Offset + at;
    }

    private JsonToken Open(ReadOnlySpan<byte> piece, ref int at, bool isObject)
    {
        if (Depth == _depthMax)
        {
            return Beyond(piece, at, "depth", _depthMax, "levels of nesting");
        }

        ulong bit = 1UL << Depth++;
        _objects = isObject ? _objects | bit : _objects & ~bit;
        _state = isObject ? State.NameOrEnd : State.ValueOrEnd;
        at++;
        return isObject ? JsonToken.ObjectStart : JsonToken.ArrayStart;
    }

    private JsonToken Close()
    {
        JsonToken token = IsInObject ? JsonToken.ObjectEnd : JsonToken.ArrayEnd;
        Depth--;
        return Complete(token);
    }

    private JsonToken Complete(JsonToken token)
    {
        _part = Part.None;
        _state = token == JsonToken.Name ? State.Colon : Depth == 0 ? State.Done : State.AfterValue;
        return token;
    }

    private JsonToken TakeMark(ReadOnlySpan<byte> piece, ref int at)
    {
        // The byte-order mark EF BB BF, allowed once at the very start.
        for (; at < piece.Length && Offset + at < 3; at++)
        {
            if (piece[at] != (Offset + at) switch { 0 => 0xEF, 1 => 0xBB, _ => 0xBF })
            {
                return Malformed(piece, at, "a value");
            }
        }

        if (Offset + at == 3)
        {
            _part = Part.None;
        }

        return JsonToken.None;
    }
}
