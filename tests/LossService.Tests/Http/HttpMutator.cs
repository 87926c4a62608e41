using System.Text;

namespace LossService.Tests.Http;

/// <summary>Changes requests where servers are known to read them differently: lines, lengths, chunks and codings.</summary>
internal sealed class HttpMutator(int seed)
{
    private const string Body = Ambiguous.Body;

    private static readonly string[] Words =
    [
        "\r\n", "\n", "\r", "\r\n\r\n", "\0", " ", "\t", ":", ";", ",", "0\r\n\r\n", "0", "1", "5\r\n", "+", "-", "0x", "a", "\u000b", "\u00ff",
        "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n", "chunked",
        "identity", "gzip", "Host: y\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Content-Encoding: gzip\r\n", "Accept: text/html\r\n", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0",
        "GET ", "POST ", "HEAD ", "OPTIONS ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "/", "//", "..", "%2e", "%00", "?", "#", "http://y/",
        ";a=b", ";a=\"b\"", "99999999999", "fffffffff", "X: y\r\n", " X: y\r\n", Ambiguous.Hidden,
    ];

    private static readonly string[] Sound =
    [
        "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n",
        $"POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}",
        $"POST /v1/losses/mse_loss?reduction=sum HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{Ambiguous.Chunked}",
        $"POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"1;a=b\r\n{{\r\n{Body.Length - 1:x}\r\n{Body[1..]}\r\n0\r\nX: y\r\n\r\n",
        $"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {Ambiguous.Hidden.Length}\r\n\r\n{Ambiguous.Hidden}",
        $"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{Ambiguous.Hidden.Length:x}\r\n{Ambiguous.Hidden}\r\n0\r\n\r\n",
    ];

    private static readonly string[] Doubtful = [.. Ambiguous.All.Values];

    private readonly Random _random = new(seed);

    /// <summary>The next one: one or two seeds in a row, changed or, now and then, not.</summary>
    public byte[] Next()
    {
        string text = Seed() + (_random.Next(3) == 0 ? Seed() : "");
        for (int edits = _random.Next(5); edits > 0; edits--)
        {
            text = Edit(text);
        }

        return Encoding.Latin1.GetBytes(text);
    }

    private string Edit(string text)
    {
        int at = _random.Next(text.Length + 1);
        int length = _random.Next(Math.Min(12, text.Length - at) + 1);
        switch (_random.Next(7))
        {
            case 0:
                return text.Remove(at, length);
            case 1:
                return text.Insert(at, text.Substring(at, length));
            case 2 when at < text.Length:
                return text.Remove(at, 1).Insert(at, $"{(char)_random.Next(256)}");
            case 3:
                string[] lines = text.Split("\r\n");
                (int from, int to) = (_random.Next(lines.Length), _random.Next(lines.Length));
                (lines[from], lines[to]) = (lines[to], lines[from]);
                return string.Join("\r\n", lines);
            case 4:
                string other = Seed();
                int cut = _random.Next(other.Length + 1);
                return text.Insert(at, other[cut..Math.Min(other.Length, cut + _random.Next(40))]);
            case 5:
                // Only at the ends of lines and of names, where it matters most.
                int place = text.IndexOfAny(['\r', ':'], at);
                return text.Insert(place < 0 ? at : place, Pick(Words));
            default:
                return text.Insert(at, Pick(Words));
        }
    }

    private string Seed() => Pick(_random.Next(3) == 0 ? Doubtful : Sound);

    private string Pick(string[] all) => all[_random.Next(all.Length)];
}
