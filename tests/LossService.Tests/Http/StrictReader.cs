using System.Globalization;
using System.Text;

namespace LossService.Tests.Http;

/// <summary>Cuts bytes into requests as RFC 9112 demands, written from its text and not from any server: where a message's end
/// is in doubt, what follows is no request.</summary>
/// <remarks>It judges ends alone. A request line or a header that a server refuses for other reasons only makes it answer
/// less.</remarks>
internal static class StrictReader
{
    private const string EndOfHead = "\r\n\r\n";

    /// <summary>How many answers these bytes may get at most.</summary>
    public static int AnswersMax(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.Latin1.GetString(bytes);
        int answers = 0;
        for (int at = 0; at >= 0 && at < text.Length;)
        {
            // Empty lines before a request are passed over (2.2); else even nonsense gets one answer.
            if (text[at] is '\r' or '\n')
            {
                at++;
                continue;
            }

            answers++;
            int end = text.IndexOf(EndOfHead, at, StringComparison.Ordinal);
            at = end < 0 ? -1 : EndOfMessage(text, text[at..end].Split("\r\n"), end + EndOfHead.Length);
        }

        return answers;
    }

    // -1 where nobody can tell.
    private static int EndOfMessage(string text, string[] head, int body)
    {
        string? length = null;
        string? coding = null;
        foreach (string line in head.Skip(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line.AsSpan(0, colon).ContainsAny(" \t\r\n\0") || line.AsSpan(colon).ContainsAny("\r\n\0"))
            {
                return -1;
            }

            string name = line[..colon];
            string value = line[(colon + 1)..].Trim(' ', '\t');
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                length = length is null ? value : "";
            }
            else if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                coding = coding is null ? value : "";
            }
        }

        if (coding is not null)
        {
            bool isClear = length is null && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase);
            return isClear ? EndOfChunks(text, body) : -1;
        }

        // The sign is the framework's kindness, and leaves no doubt.
        return length is null ? body
            : long.TryParse(length, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long bytes) && bytes >= 0
                ? (int)Math.Min(text.Length, body + bytes) : -1;
    }

    private static int EndOfChunks(string text, int at)
    {
        while (true)
        {
            int end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            if (end < 0)
            {
                return text.Length;
            }

            ReadOnlySpan<char> size = text.AsSpan(at, end - at);
            int extension = size.IndexOf(';');
            size = (extension < 0 ? size : size[..extension]).TrimEnd(" \t");
            if (text.AsSpan(at, end - at).ContainsAny("\r\n")
                || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long bytes) || bytes < 0)
            {
                return -1;
            }

            at = end + 2;
            if (bytes == 0)
            {
                // Trailers end with the first empty line, which may be the very first.
                int trailers = text.IndexOf(EndOfHead, end, StringComparison.Ordinal);
                return trailers < 0 ? text.Length : trailers + EndOfHead.Length;
            }

            if (bytes > text.Length - at)
            {
                return text.Length;
            }

            at += (int)bytes;
            if (!text.AsSpan(at).StartsWith("\r\n", StringComparison.Ordinal))
            {
                return text.Length - at < 2 ? text.Length : -1;
            }

            at += 2;
        }
    }
}
