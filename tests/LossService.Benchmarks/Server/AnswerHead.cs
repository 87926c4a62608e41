using System.Globalization;
using System.Text;

namespace LossService.Benchmarks.Server;

/// <summary>What a client has to know of the head of an HTTP/1.1 answer.</summary>
/// <param name="Status">The status.</param>
/// <param name="Bytes">How long the head is, the empty line included.</param>
/// <param name="Length">How long the body is; null where it comes in chunks.</param>
/// <param name="IsLast">True when the connection takes no further request.</param>
internal readonly record struct AnswerHead(int Status, int Bytes, long? Length, bool IsLast)
{
    /// <summary>Reads the head at the start of what has arrived; null while its end is missing.</summary>
    /// <exception cref="IOException">It does not say where its body ends.</exception>
    public static AnswerHead? In(ReadOnlySpan<byte> arrived)
    {
        int end = arrived.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        string head = Encoding.ASCII.GetString(arrived[..end]);
        long? length = ValueOf(head, "\r\nContent-Length: ") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
        int status = int.Parse(head.AsSpan(9, 3), CultureInfo.InvariantCulture);
        bool isLast = "close".Equals(ValueOf(head, "\r\nConnection: "), StringComparison.OrdinalIgnoreCase);
        return length is null && ValueOf(head, "\r\nTransfer-Encoding: ") != "chunked"
            ? throw new IOException("The answer does not say how long it is.")
            : new(status, end + 4, length, isLast);
    }

    private static string? ValueOf(string head, string name)
    {
        int at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        int start = at + name.Length;
        int end = head.IndexOf('\r', start);
        return end < 0 ? head[start..] : head[start..end];
    }
}
