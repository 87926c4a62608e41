using System.Text;

namespace LossService.Tests.Http;

/// <summary>Requests that two readers may cut in two ways: each hides a second request, which nobody may answer.</summary>
/// <remarks>Left out is what the framework's server reads more kindly than RFC 9112, but in one way alone, and no code of ours
/// gets to see: a sign before Content-Length (+33), brackets in a header's name, a second space before the version.</remarks>
internal static class Ambiguous
{
    /// <summary>The body of a sound request; its loss is 4.</summary>
    public const string Body = """{"predictions":[1],"targets":[3]}""";

    /// <summary>The request that is hidden; nothing else asks for this path.</summary>
    public const string Hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

    private const string Post = "POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    private const string Get = "GET /v1/info HTTP/1.1\r\nHost: x\r\n";

    /// <summary>A body in one chunk.</summary>
    public static string Chunked { get; } = $"{Body.Length:x}\r\n{Body}\r\n0\r\n\r\n";

    /// <summary>Every one of them by its name.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } =
        Lengths().Concat(Codings()).Concat(Chunks()).Concat(Heads()).Concat(RequestLines())
            .ToDictionary(one => one.Name, one => one.Request + Hidden);

    private static int Length => Encoding.UTF8.GetByteCount(Body);

    private static IEnumerable<(string Name, string Request)> Lengths()
    {
        yield return ("a length and chunks", Post + $"Content-Length: {Length}\r\nTransfer-Encoding: chunked\r\n\r\n{Chunked}");
        yield return ("chunks and a length", Post + $"Transfer-Encoding: chunked\r\nContent-Length: {Length}\r\n\r\n{Chunked}");
        yield return ("chunks and a length over the hidden request",
            Post + $"Transfer-Encoding: chunked\r\nContent-Length: {Chunked.Length + Hidden.Length}\r\n\r\n{Chunked}");
        yield return ("two lengths", Post + $"Content-Length: {Length}\r\nContent-Length: 0\r\n\r\n{Body}");
        yield return ("two equal lengths", Post + $"Content-Length: {Length}\r\nContent-Length: {Length}\r\n\r\n{Body}");
        foreach (string length in (string[])
            [$"{Length}, {Length}", "-1", "0x21", "3 3", $"{Length}abc", "", "99999999999999999999", $"{Length}.0", $"{Length};a"])
        {
            yield return ($"the length '{length}'", Post + $"Content-Length: {length}\r\n\r\n{Body}");
        }
    }

    private static IEnumerable<(string Name, string Request)> Codings()
    {
        foreach (string coding in (string[])
            ["chunked, identity", "identity, chunked", "gzip, chunked", "identity", "gzip", "xchunked", "chunked, chunked", "chunked;q=1",
                "\"chunked\"", "\u000bchunked", "chunked\u000b", "chunke", "", ",", "chunked,"])
        {
            yield return ($"the coding '{coding.Replace("\u000b", "VT", StringComparison.Ordinal)}'", Post + $"Transfer-Encoding: {coding}\r\n\r\n{Chunked}");
        }

        yield return ("two codings", Post + $"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{Chunked}");
        yield return ("two codings, chunked last", Post + $"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n{Chunked}");
        yield return ("chunked twice", Post + $"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n{Chunked}");
        yield return ("chunks in HTTP/1.0",
            Post.Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal) + $"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{Chunked}");
    }

    private static IEnumerable<(string Name, string Request)> Chunks()
    {
        const string Coding = Post + "Transfer-Encoding: chunked\r\n\r\n";
        string size = $"{Length:x}";
        foreach (string line in (string[])
            [$"0x{size}", $"+{size}", "-1", $"{size} x", $" {size}", "", "g", "fffffffffffffffff", "100000000", $"{size}.0", $"{size}\t{size}"])
        {
            yield return ($"the size '{line}'", Coding + $"{line}\r\n{Body}\r\n0\r\n\r\n");
        }

        yield return ("a size that ends in LF", Coding + $"{size}\n{Body}\r\n0\r\n\r\n");
        yield return ("a size that ends in CR", Coding + $"{size}\r{Body}\r\n0\r\n\r\n");
        yield return ("an extension with LF", Coding + $"{size};a\nb\r\n{Body}\r\n0\r\n\r\n");
        yield return ("an extension that ends in LF", Coding + $"{size};a\n{Body}\r\n0\r\n\r\n");
        yield return ("an extension with CR", Coding + $"{size};a\rb\r\n{Body}\r\n0\r\n\r\n");
        yield return ("a chunk longer than its size", Coding + $"1\r\n{Body}\r\n0\r\n\r\n");
        yield return ("a chunk that ends in LF", Coding + $"{size}\r\n{Body}\n0\r\n\r\n");
        yield return ("a last chunk that ends in LF", Coding + $"{size}\r\n{Body}\r\n0\n\n");
        yield return ("a trailer that ends in LF", Coding + $"{size}\r\n{Body}\r\n0\r\nX: y\n\r\n");
        yield return ("a trailer that is no text", Coding + $"{size}\r\n{Body}\r\n0\r\nX: \u0093\r\n\r\n");
        yield return ("a trailer without a colon", Coding + $"{size}\r\n{Body}\r\n0\r\nX\r\n\r\n");
    }

    private static IEnumerable<(string Name, string Request)> Heads()
    {
        string length = $"Content-Length: {Length}\r\n";
        yield return ("a space before the colon of the coding", Post + $"Transfer-Encoding : chunked\r\n\r\n{Chunked}");
        yield return ("a space before the colon of the length", Post + $"Content-Length : {Length}\r\n\r\n{Body}");
        yield return ("a space before the first header", $"POST /v1/losses/mse_loss HTTP/1.1\r\n Host: x\r\nContent-Type: application/json\r\n{length}\r\n{Body}");
        yield return ("a folded header", Post + length + $"X: a\r\n b\r\n\r\n{Body}");
        yield return ("a folded coding", Post + $"Transfer-Encoding:\r\n chunked\r\n\r\n{Chunked}");
        yield return ("a header that ends in LF", Post + $"X: a\n{length}\r\n{Body}");
        yield return ("a head that ends in LF", Post + length + $"\n{Body}");
        yield return ("a head of LF alone", (Post + length).Replace("\r\n", "\n", StringComparison.Ordinal) + $"\n{Body}");
        yield return ("CR within a header", Post + length + $"X: a\rb\r\n\r\n{Body}");
        yield return ("a header that ends in CR", Post + length + $"X: a\rY: b\r\n\r\n{Body}");
        yield return ("NUL within a header", Post + length + $"X: a\0b\r\n\r\n{Body}");
        yield return ("NUL within a header's name", Post + length + $"X\0: a\r\n\r\n{Body}");
        yield return ("a header without a colon", Post + length + $"X\r\n\r\n{Body}");
        yield return ("a header without a name", Post + length + $": x\r\n\r\n{Body}");
        yield return ("a name with a space", Post + length + $"X Y: a\r\n\r\n{Body}");
        yield return ("no host", $"GET /v1/info HTTP/1.1\r\n\r\n");
        yield return ("two hosts", Get + "Host: y\r\n\r\n");
        yield return ("a host with a path", "GET /v1/info HTTP/1.1\r\nHost: x/y\r\n\r\n");
        yield return ("a host with a space", "GET /v1/info HTTP/1.1\r\nHost: x y\r\n\r\n");
        yield return ("another host in the target", "GET http://y/v1/info HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    private static IEnumerable<(string Name, string Request)> RequestLines()
    {
        foreach (string line in (string[])
            ["GET  /v1/info HTTP/1.1", "GET\t/v1/info HTTP/1.1", "GET /v1/info HTTP/1.1 ", " GET /v1/info HTTP/1.1",
                "GET /v1/info", "GET /v1/info HTTP/1,1", "GET /v1/info http/1.1", "GET /v1/info HTTP/2.0", "GET /v1/info HTTP/1.2",
                "GET /v1/info x HTTP/1.1", "GET v1/info HTTP/1.1", "G\0T /v1/info HTTP/1.1", "GET /v1\0/info HTTP/1.1", "G(T /v1/info HTTP/1.1"])
        {
            yield return ($"the line '{line.Replace("\0", "NUL", StringComparison.Ordinal).Replace("\t", "TAB", StringComparison.Ordinal)}'", $"{line}\r\nHost: x\r\n\r\n");
        }

        yield return ("a line that ends in LF", "GET /v1/info HTTP/1.1\nHost: x\r\n\r\n");
        yield return ("a line that ends in CR", "GET /v1/info HTTP/1.1\rHost: x\r\n\r\n");
    }
}
