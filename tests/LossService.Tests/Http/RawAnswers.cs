using System.Globalization;
using System.Text;

namespace LossService.Tests.Http;

/// <summary>One answer as it came.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Head">Status line and headers.</param>
/// <param name="Body">What came of its body, chunks joined.</param>
/// <param name="IsWhole">True when its end came, too.</param>
internal sealed record RawAnswer(int Status, string Head, string Body, bool IsWhole)
{
    /// <summary>A header's value; null where there is none.</summary>
    public string? this[string name] => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}

/// <summary>All answers of one connection.</summary>
/// <param name="All">The answers, in order; interim ones (1xx), too.</param>
/// <param name="Rest">Bytes that are no answer.</param>
internal sealed record RawAnswers(IReadOnlyList<RawAnswer> All, string Rest)
{
    /// <summary>True when the server closed the connection.</summary>
    public bool IsClosed { get; init; }

    /// <summary>True when it broke the connection off.</summary>
    public bool IsReset { get; init; }

    /// <summary>How many came whole.</summary>
    public int Whole => All.Count(answer => answer.IsWhole);

    /// <summary>Cuts a connection's bytes into answers by their own lengths and chunks.</summary>
    public static RawAnswers Of(byte[] bytes, bool toHead = false)
    {
        string text = Encoding.Latin1.GetString(bytes);
        var all = new List<RawAnswer>();
        int at = 0;
        while (at < text.Length && text.AsSpan(at).StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            int end = text.IndexOf("\r\n\r\n", at, StringComparison.Ordinal);
            if (end < 0)
            {
                break;
            }

            var answer = new RawAnswer(int.Parse(text.AsSpan(at + 9, 3), CultureInfo.InvariantCulture), text[at..end], "", IsWhole: true);
            at = end + 4;
            bool hasNone = toHead || answer.Status is < 200 or 204 or 304;
            all.Add(hasNone ? answer : WithBody(answer, text, ref at));
        }

        return new(all, text[at..]);
    }

    /// <summary>All of it in a few words, for a failed test to show.</summary>
    public override string ToString() =>
        $"{string.Join(", ", All.Select(one => $"{one.Status}{(one.IsWhole ? "" : " (a part)")}"))}"
        + $"{(IsReset ? ", reset" : IsClosed ? ", closed" : "")}{(Rest.Length > 0 ? $", and {Rest.Length} bytes more" : "")}";

    private static RawAnswer WithBody(RawAnswer answer, string text, ref int at)
    {
        if (answer["Transfer-Encoding"] == "chunked")
        {
            return WithChunks(answer, text, ref at);
        }

        // Without a length the end of the connection is the end of the answer, as in HTTP/1.0.
        int length = answer["Content-Length"] is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : text.Length - at;
        int came = Math.Min(length, text.Length - at);
        at += came;
        return answer with { Body = text.Substring(at - came, came), IsWhole = came == length };
    }

    private static RawAnswer WithChunks(RawAnswer answer, string text, ref int at)
    {
        var body = new StringBuilder();
        while (true)
        {
            int end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            int size = end < 0 ? 0 : int.Parse(text.AsSpan(at, end - at), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (end < 0 || end + 4 + size > text.Length)
            {
                body.Append(end < 0 ? "" : text[(end + 2)..]);
                at = text.Length;
                return answer with { Body = body.ToString(), IsWhole = false };
            }

            body.Append(text, end + 2, size);
            at = end + 4 + size;
            if (size == 0)
            {
                return answer with { Body = body.ToString() };
            }
        }
    }
}
