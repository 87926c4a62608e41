using System.Text;

namespace LossService.Tests.Http;

/// <summary>Requests that two readers may cut in two ways: each hides a second request, which nobody may answer.</summary>
/// <remarks>Made by classes, each a small grammar of what may be misspelled and where. Left out is what the framework's
/// server reads more kindly than RFC 9112, but in one way alone, and no code of ours gets to see: a sign before
/// Content-Length (+33), a second space before the version. What is lawful stands in <see cref="Lawful"/>.</remarks>
internal static class Ambiguous
{
    /// <summary>The body of a sound request; its loss is 4.</summary>
    public const string Body = """{"predictions":[1],"targets":[3]}""";

    /// <summary>The request that is hidden; nothing else asks for this path.</summary>
    public const string Hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

    /// <summary>Octets that stand in no name, length or coding, though some readers pass over them.</summary>
    private static readonly string[] Strays =
        ["\0", "\u0001", "\b", "\v", "\f", "\u001b", "\u007f", "\u0085", "\u00a0", "\u00ff"];

    /// <summary>What some readers take for the end of a line.</summary>
    private static readonly string[] WrongEnds = ["\n", "\r", "\r\r\n", "\n\r"];

    private static readonly string[] Folds = ["\r\n ", "\r\n\t", "\r\n  \t"];

    /// <summary>A body in one chunk.</summary>
    public static string Chunked { get; } = Chunks();

    /// <summary>Every one of them by its name.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = ((IEnumerable<string>[])
        [
            BothLengths(), Lengths(), Codings(), OldCodings(), Names(), Folded(), Sizes(), Extensions(), Trailers(),
            LineEnds(), Heads(), RequestLines(),
        ]).SelectMany(requests => requests).Distinct().ToDictionary(Told, request => request + Hidden);

    /// <summary>Odd, but of one meaning: as many requests as <see cref="StrictReader"/> finds, the last of them
    /// hidden's.</summary>
    public static IReadOnlyDictionary<string, string> Lawful { get; } = Odd().Distinct().ToDictionary(
        Told, request => request + Hidden.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal));

    private static string Length => $"{Body.Length}";

    private static string Size => $"{Body.Length:x}";

    /// <summary>A request as text: what cannot be seen becomes a number, what is always the same is left out.</summary>
    public static string Told(string request)
    {
        var told = new StringBuilder();
        foreach (char one in request.Replace(Body, "{}", StringComparison.Ordinal)
            .Replace("Content-Type: application/json\r\n", "", StringComparison.Ordinal)
            .Replace("\r\n", " | ", StringComparison.Ordinal))
        {
            told.Append(one is >= ' ' and <= '~' ? $"{one}" : $"<{(int)one:x2}>");
        }

        return told.ToString();
    }

    // Chunks beside a length, whatever that is and wherever it stands.
    private static IEnumerable<string> BothLengths() =>
        from version in (string[])["HTTP/1.1", "HTTP/1.0"]
        from coding in (string[])["Transfer-Encoding: chunked", "transfer-encoding:CHUNKED"]
        from length in (string[])[Length, "0", $"{Chunks().Length}", $"{Chunks().Length + Hidden.Length}"]
        from fields in (string[][])
            [[coding, $"Content-Length: {length}"], [$"Content-Length: {length}", coding],
                [$"Content-Length: {length}", coding, $"content-length: {length}"]]
        select Post(fields, Chunks(), version);

    private static IEnumerable<string> Lengths()
    {
        string[] spelled =
        [
            "-1", $"-{Length}", $"0x{Length}", "0x21", "2 1", $"{Length}a", "", "99999999999999999999", "18446744073709551649",
            $"{Length}.0", $"{Length};a", $"{Length}e0", $"\"{Length}\"", $"{Length},", $",{Length}", $"{Length}_", Utf8("３３"), Utf8("٣٣"),
            $"{Length}, {Length}", $"{Length},0", $"0,{Length}", $"+-{Length}", "Infinity", "chunked",
        ];
        string[] values = [.. spelled, .. Strayed(Length)];
        return values.Select(value => Post([$"Content-Length: {value}"], Body))
            .Concat(
                from first in (string[])[Length, "0", "", "a"]
                from second in (string[])[Length, "0", "1"]
                select Post([$"Content-Length: {first}", $"Content-Length: {second}"], Body));
    }

    private static IEnumerable<string> Codings()
    {
        string[] spelled =
        [
            "chunked, identity", "identity, chunked", "gzip, chunked", "chunked, gzip", "identity", "gzip", "xchunked", "x-chunked",
            "chunked, chunked", "chunked;q=1", "chunked ;", "\"chunked\"", "'chunked'", "chunke", "chunkedd", "", ",", "chunked,",
            ",chunked", "chunked chunked", "chunked=1", "chun ked", Utf8("chun\u212aed"), "0", "trailers",
        ];
        string[] values = [.. spelled, .. Strayed("chunked")];
        return values.Select(value => Post([$"Transfer-Encoding: {value}"], Chunks()))
            .Concat(
                from first in (string[])["chunked", "identity", "gzip", ""]
                from second in (string[])["chunked", "identity", "gzip", ""]
                select Post([$"Transfer-Encoding: {first}", $"Transfer-Encoding: {second}"], Chunks()));
    }

    // HTTP/1.0 has no chunks; who keeps the connection must not see any.
    private static IEnumerable<string> OldCodings() =>
        from coding in (string[])["chunked", "Chunked", "identity", ""]
        from connection in (string[])["keep-alive", "close"]
        select Post([$"Connection: {connection}", $"Transfer-Encoding: {coding}"], Chunks(), "HTTP/1.0");

    // What stands around the names that decide where a body ends.
    private static IEnumerable<string> Names() =>
        from field in (string[])[$"Content-Length|{Length}", "Transfer-Encoding|chunked", "X|y"]
        from stray in Strays.Concat([" ", "\t", "\r", "(", "\"", "/", "@", Utf8("\u212a")])
        from spelled in (string[])[field.Replace("|", $"{stray}: ", StringComparison.Ordinal), stray + field.Replace("|", ": ", StringComparison.Ordinal)]
        select Post([spelled], field[0] == 'T' ? Chunks() : Body);

    private static IEnumerable<string> Folded() =>
        from fold in Folds
        from request in (string[])
        [
            Post([$"X: a{fold}b", $"Content-Length: {Length}"], Body),
            Post([$"X: a{fold}Content-Length: {Length}"], Body),
            Post([$"Content-Length:{fold}{Length}"], Body),
            Post([$"Content-Length: 3{fold}3"], Body),
            Post([$"Content-Length: {Length}{fold}"], Body),
            Post([$"Transfer-Encoding:{fold}chunked"], Chunks()),
            Post([$"Transfer-Encoding: identity,{fold}chunked"], Chunks()),
            Post([$"Content-Length: {Length}", $"X: a{fold}Transfer-Encoding: chunked"], Chunks()),
            $"POST /v1/losses/mse_loss HTTP/1.1{fold}Host: x\r\nContent-Length: {Length}\r\n\r\n{Body}",
        ]
        select request;

    private static IEnumerable<string> Sizes()
    {
        string[] spelled =
        [
            $"0x{Size}", $"+{Size}", $"-{Size}", "-1", $"{Size} x", $"{Size} {Size}", $" {Size}", "", "g", $"{Size}h", "fffffffffffffffff",
            $"100000000000000{Size}", "7fffffffffffffff", $"{Size}.0", $"{Size},", $"{Size}_", Utf8("２１"), $"\"{Size}\"", $"{Size}=a", $"{Size}:a", "1",
        ];
        return spelled.Concat(Strayed(Size)).Select(size => Coded($"{size}\r\n{Body}\r\n0\r\n\r\n"))
            .Concat(((string[])["", "-0", "0x0", "0h", " 0", "0 0", "00000000000000000000g"]).Concat(Strayed("0"))
                .Select(last => Coded($"{Size}\r\n{Body}\r\n{last}\r\n\r\n")));
    }

    private static IEnumerable<string> Extensions() =>
        from end in WrongEnds
        from extension in (string[])[$";{end}", $";a{end}b", $";a=b{end}c", $";a=\"b{end}c\"", $";a=\"\\{end}\""]
        from isLast in (bool[])[false, true]
        select Coded(isLast
            ? $"{Size}\r\n{Body}\r\n0{extension}\r\n\r\n"
            : $"{Size}{extension}\r\n{Body}\r\n0\r\n\r\n");

    private static IEnumerable<string> Trailers() =>
        from trailer in (string[])
            ["X", ": y", "X : y", "X\t: y", " X: y", "X: y\r\n z", "X: y\0", "X\0: y", "X: \u0093", "X\u0093: y", "Content-Length : 5", "0", "GET / HTTP/1.1"]
        select Coded($"{Size}\r\n{Body}\r\n0\r\n{trailer}\r\n\r\n");

    private static IEnumerable<string> LineEnds() =>
        from end in WrongEnds
        from request in (string[])
        [
            $"GET /v1/info HTTP/1.1{end}Host: x\r\n\r\n",
            Post([$"X: a{end}Content-Length: {Length}"], Body),
            Post([$"Content-Length: {Length}{end}X: a"], Body),
            Post([$"Content-Length: {Length}{end}Transfer-Encoding: chunked"], Chunks()),
            Post([], "", "HTTP/1.1")[..^2] + $"Content-Length: {Length}\r\n{end}{Body}",
            Post([$"Content-Length: {Length}"], "").Replace("\r\n", end, StringComparison.Ordinal) + Body,
            Coded($"{Size}{end}{Body}\r\n0\r\n\r\n"),
            Coded($"{Size}\r\n{Body}{end}0\r\n\r\n"),
            Coded($"{Size}\r\n{Body}\r\n0{end}\r\n"),
            Coded($"{Size}\r\n{Body}\r\n0{end}{end}"),
            Coded($"{Size}\r\n{Body}\r\n0\r\nX: y{end}\r\n"),
            Coded($"{Size}\r\n{Body}\r\n0\r\nX: y\r\n{end}"),
        ]
        select request;

    private static IEnumerable<string> Heads()
    {
        string length = $"Content-Length: {Length}";
        foreach (string field in (string[])["X", ": x", ":", "X Y: a", "Host: y", "host: x", "X: a\0b", "X: \r", "X: a\rb", "\u0085: y"])
        {
            yield return Post([length, field], Body);
        }

        foreach (string host in (string[])["x/y", "x y", "x@y", "x:y", "x:80:80", "x,y", "x?", "x#", "http://x", "x\u007fy", "[x", "x\\y"])
        {
            yield return $"GET /v1/info HTTP/1.1\r\nHost: {host}\r\n\r\n";
        }

        yield return "GET /v1/info HTTP/1.1\r\n\r\n";
        yield return "GET http://y/v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
        yield return "GET http://y/v1/info HTTP/1.1\r\n\r\n";
    }

    private static IEnumerable<string> RequestLines()
    {
        foreach (string version in (string[])
            ["http/1.1", "HTTP/1,1", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/11", "HTTP/1.10", "HTTP/01.1", "HTTP/1.1x", "HTTP/1.2", "HTTP/0.9",
                "HTTP/2.0", "HTTP/3", "HTTP/-1.1", "HTTP/ 1.1", "HTTP /1.1", "HTTPS/1.1", "HTP/1.1", "ICY/1.1", "x HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1\t", "HTTP/1.1 HTTP/1.0"])
        {
            yield return $"GET /v1/info {version}\r\nHost: x\r\n\r\n";
        }

        foreach (string stray in Strays.Append("\t"))
        {
            yield return $"G{stray}T /v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
            yield return $"GET{stray}/v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
            yield return $"GET /v1/info{stray}HTTP/1.1\r\nHost: x\r\n\r\n";
            yield return $"{stray}GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
        }

        foreach (string line in (string[])
            ["GET  /v1/info HTTP/1.1", " GET /v1/info HTTP/1.1", "GET /v1/info", "GET v1/info HTTP/1.1", "GET /v1\0/info HTTP/1.1", "GET /v1/\u00ff HTTP/1.1",
                "G(T /v1/info HTTP/1.1", "GET * HTTP/1.1", "GET x:80 HTTP/1.1", "CONNECT /v1/info HTTP/1.1", "GET \\v1\\info HTTP/1.1", "GET", "GET ", "/v1/info HTTP/1.1"])
        {
            yield return $"{line}\r\nHost: x\r\n\r\n";
        }
    }

    private static IEnumerable<string> Odd()
    {
        foreach (string coding in (string[])["chunked", "Chunked", "CHUNKED", "\tchunked", "chunked \t", "\t chunked"])
        {
            yield return Post([$"Transfer-Encoding:{coding}"], Chunks());
        }

        foreach (string length in (string[])[Length, $"0{Length}", $"{new string('0', 30)}{Length}", $"\t{Length}", $"  {Length} \t"])
        {
            yield return Post([$"Content-Length:{length}"], Body);
        }

        foreach (string size in (string[])[$"0{Size}", $"00000{Size}", $"{Size};a", $"{Size};a=b", $"{Size};a=\"b;c\"", $"{Size};;"])
        {
            yield return Coded($"{size}\r\n{Body}\r\n0\r\n\r\n");
        }

        foreach (string last in (string[])["00", "0000000", "0;a", "0;a=\"0\""])
        {
            yield return Coded($"1F\r\n{Body[..31]}\r\n{Body.Length - 31}\r\n{Body[31..]}\r\n{last}\r\n\r\n");
        }

        foreach (string trailer in (string[])
            ["X: y", "X:", "X: y\r\nY: z", "Content-Length: 5", "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Host: y", "Connection: close"])
        {
            yield return Coded($"{Size}\r\n{Body}\r\n0\r\n{trailer}\r\n\r\n");
        }

        // What looks like a length or a coding, or tells a reader between to take one away.
        foreach (string field in (string[])
            ["Transfer_Encoding: chunked", "X-Transfer-Encoding: chunked", "Transfer-Encodin: chunked", "Content-Encoding-X: chunked", "TE: chunked",
                "TE: trailers", "Trailer: Content-Length", "Connection: Content-Length", "Connection: Transfer-Encoding", "Connection: Host", "Connection: keep-alive, Content-Length",
                "Expect: 100-continue", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "Content-Length-X: 0", "Content_Length: 0",
                "X: Content-Length: 0", "X: \"a", "X:"])
        {
            yield return Post([$"Content-Length: {Length}", field], Body);
            yield return Post([field, "Transfer-Encoding: chunked"], Chunks());
        }

        // A body where none is needed.
        yield return $"GET /v1/info HTTP/1.1\r\nHost: x\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}";
        yield return $"GET /v1/info HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{Hidden.Length:x}\r\n{Hidden}\r\n0\r\n\r\n";
        yield return "GET /v1/info HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        yield return "GET http://x/v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
        yield return "\r\nGET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
    }

    // A text as the octets that a client sends, each a character.
    private static string Utf8(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static IEnumerable<string> Strayed(string value) =>
        Strays.SelectMany(stray => (string[])[stray + value, value + stray, value.Insert(1, stray)]);

    private static string Coded(string chunks) => Post(["Transfer-Encoding: chunked"], chunks);

    private static string Chunks() => $"{Size}\r\n{Body}\r\n0\r\n\r\n";

    private static string Post(string[] fields, string body, string version = "HTTP/1.1") =>
        $"POST /v1/losses/mse_loss {version}\r\nHost: x\r\nContent-Type: application/json\r\n{string.Concat(fields.Select(field => field + "\r\n"))}\r\n{body}";
}
