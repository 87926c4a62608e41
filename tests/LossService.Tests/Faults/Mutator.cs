using System.Buffers.Binary;
using System.Text;

namespace LossService.Tests.Faults;

/// <summary>Changes bodies where it hurts: what they say, between the tokens of their grammar, at the edges of numbers, in the
/// lengths and offsets that a header claims.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly string[] Numbers =
    [
        "0", "-0", "1e999", "-1e999", "1e-400", "3.4028235677973366e38", "3.4028235e38", "2147483647", "2147483648", "-1", "0.5",
        "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e3", "01", "1.", "-", "+1", "NaN", "13",
    ];

    private static readonly string[] Words =
    [
        "[", "]", "{", "}", ",", ":", "\"", "[]", "{}", "[[", "]]", "[[]]", "null", "true", "false", "\"NaN\"", "\"Infinity\"",
        "\"dtype\":\"float64\",", "\"reduction\":\"none\",", "\"reduction\":\"sum\",", "\"gradients\":[],", "\"mask\":[true],",
        "\"sample_weight\":[1],", "\"hessian\":\"diagonal\",", "\"non_finite\":\"error\",", "\"empty\":\"nan\",", "\"shape\":[2,2],",
        "\"base64\":\"AAAA\",", "\"data\":[1],", "\"return_items\":true,", "\\u0061", "\\ud800", " ", "\0", "\u00e9", "F32", "I64", "BOOL",
    ];

    private readonly Random _random = new(seed);
    private readonly TreeMutator _trees = new(new(seed));

    /// <summary>A changed copy; some are still sound.</summary>
    public Call Mutate(Call call, Call other)
    {
        byte[] body = call.ContentType != Call.Json ? Binary(call.Body, other.Body)
            : other.ContentType == Call.Json && _random.Next(4) != 0 ? _trees.Mutate(call.Body, other.Body)
            : Text(call.Body, other.Body);
        return call with { Body = body, PieceBytes = _random.Next(4) == 0 ? 1 + _random.Next(64) : 32 << 10 };
    }

    private byte[] Binary(byte[] body, byte[] other)
    {
        int length = body.Length < 8 ? 0 : (int)Math.Min((ulong)body.Length - 8, BinaryPrimitives.ReadUInt64LittleEndian(body));
        switch (_random.Next(8))
        {
            case 0:
                return Bytes(body);
            case 1:
                return body[.._random.Next(body.Length + 1)];
            case 2:
                return [.. body, .. new byte[_random.Next(9)]];
            default:
                byte[] header = Text(body[Math.Min(8, body.Length)..(Math.Min(8, body.Length) + length)], other);
                byte[] prefix = BitConverter.GetBytes(_random.Next(10) == 0 ? _random.NextInt64() : header.Length);
                return [.. prefix, .. header, .. body[(Math.Min(8, body.Length) + length)..]];
        }
    }

    private byte[] Text(byte[] body, byte[] other)
    {
        var changed = new List<byte>(body);
        for (int edits = _random.Next(1, 4); edits > 0; edits--)
        {
            (int start, int end) = Token(changed);
            switch (_random.Next(8))
            {
                case 0:
                    changed.InsertRange(start, Encoding.UTF8.GetBytes(Words[_random.Next(Words.Length)]));
                    break;
                case 1:
                    changed.RemoveRange(start, end - start);
                    break;
                case 2:
                    changed.InsertRange(start, changed.GetRange(start, end - start));
                    break;
                case 3:
                    (int from, int to) = Token(changed);
                    List<byte> moved = changed.GetRange(from, to - from);
                    changed.InsertRange(Math.Min(end, changed.Count), moved);
                    break;
                case 4:
                    int at = _random.Next(other.Length + 1);
                    changed.InsertRange(end, other[at..Math.Min(other.Length, at + _random.Next(24))]);
                    break;
                case 5 when _random.Next(4) == 0:
                    return Bytes([.. changed]);
                default:
                    (start, end) = Number(changed, start);
                    changed.RemoveRange(start, end - start);
                    changed.InsertRange(start, Encoding.UTF8.GetBytes(Numbers[_random.Next(Numbers.Length)]));
                    break;
            }
        }

        return [.. changed];
    }

    private byte[] Bytes(byte[] body)
    {
        byte[] changed = [.. body];
        for (int flips = _random.Next(1, 4); flips > 0 && changed.Length > 0; flips--)
        {
            changed[_random.Next(changed.Length)] = (byte)_random.Next(256);
        }

        return changed;
    }

    // A number, a name, or one sign.
    private (int Start, int End) Token(List<byte> text)
    {
        int start = _random.Next(text.Count + 1);
        int end = start;
        while (start > 0 && IsWord(text[start - 1]))
        {
            start--;
        }

        while (end < text.Count && IsWord(text[end]))
        {
            end++;
        }

        return end == start && end < text.Count ? (start, end + 1) : (start, end);
    }

    // The next number from here on, or the rest's end.
    private static (int Start, int End) Number(List<byte> text, int start)
    {
        while (start < text.Count && !(text[start] is >= (byte)'0' and <= (byte)'9' or (byte)'-'))
        {
            start++;
        }

        int end = start;
        while (end < text.Count && IsWord(text[end]))
        {
            end++;
        }

        return (start, end);
    }

    private static bool IsWord(byte one) => char.IsAsciiLetterOrDigit((char)one) || one is (byte)'.' or (byte)'-' or (byte)'_' or (byte)'+';
}
