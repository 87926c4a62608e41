using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>What clients do to a server that HTTP does not provide for, over real sockets: the service answers what it can,
/// refuses what it must, never answers twice, and others do not notice.</summary>
public sealed class AbuseTests(SocketService service) : IClassFixture<SocketService>
{
    private const string Post = "POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\n";
    private const string Json = "Content-Type: application/json\r\n";
    private const string Close = "Connection: close\r\n";

    public static TheoryData<string> AmbiguousRequests => [.. Ambiguous.All.Keys];

    [Theory]
    [MemberData(nameof(AmbiguousRequests))]
    public async Task Request_ThatCanBeCutInTwoWays_IsRefusedAndTheConnectionClosed(string name)
    {
        RawAnswers answers = await AskAsync(Ambiguous.All[name]);
        Assert.True(answers.All.Count == 1 && answers.Rest.Length == 0 && answers.IsClosed, $"{name}: {answers}");
        Assert.True(answers.All[0].Status is 400 or 405 or 505, $"{name}: {answers}");
        Assert.DoesNotContain("HTTP/1.1", answers.All[0].Body, StringComparison.Ordinal);
    }

    public static TheoryData<string> LawfulRequests => [.. Ambiguous.Lawful.Keys];

    [Theory]
    [MemberData(nameof(LawfulRequests))]
    public async Task Request_OddButLawful_IsAnsweredAndTheNextOneToo(string name)
    {
        string request = Ambiguous.Lawful[name];
        RawAnswers answers = await AskAsync(request);
        RawAnswer[] final = [.. answers.All.Where(answer => answer.Status >= 200)];
        Assert.True(answers.Whole == answers.All.Count && answers.Rest.Length == 0, $"{answers}");
        Assert.Equal(StrictReader.AnswersMax(Encoding.Latin1.GetBytes(request)), final.Length);
        Assert.Equal(200, final[0].Status);
        Assert.Equal(404, final[^1].Status);
    }

    // Found by the classes above: the server itself takes such names, and CONNECT with a path of ours.
    [Theory]
    [InlineData("POST", "Transfer-Encoding\v: chunked", "a header's name")]
    [InlineData("POST", "(Content-Length: 3", "a header's name")]
    [InlineData("CONNECT", "Content-Length: 3", "CONNECT")]
    public async Task Request_WithANameOfNoMeaning_IsToldSo(string method, string field, string told)
    {
        RawAnswers answers = await AskAsync(
            $"{method} /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\n{field}\r\n\r\n{Ambiguous.Hidden}");
        Assert.True(answers.All.Count == 1 && answers.All[0].Status == 400 && answers.IsClosed, $"{answers}");
        Assert.StartsWith(told, (string?)JsonNode.Parse(answers.All[0].Body)!["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_Sound_IsAnsweredAndTheNextOneToo()
    {
        RawAnswers answers = await AskAsync(
            $"{Post}{Json}Content-Length: {Ambiguous.Body.Length}\r\n\r\n{Ambiguous.Body}"
            + $"{Post}{Json}Transfer-Encoding: CHUNKED\r\n\r\n{Ambiguous.Chunked}"
            + $"{Post}{Json}Transfer-Encoding:\tchunked \r\n\r\n1;a=b;c=\"d\"\r\n{{\r\n{Ambiguous.Body.Length - 1:X}\r\n{Ambiguous.Body[1..]}\r\n00\r\nX: y\r\n\r\n"
            + $"GET /health/live HTTP/1.1\r\nHost: x\r\n{Close}\r\n");
        Assert.Equal([200, 200, 200, 200], answers.All.Select(answer => answer.Status));
        Assert.All(answers.All.Take(3), answer => Assert.Equal(4, LossOf(answer)));
    }

    [Fact]
    public async Task Body_AtTheLimit_IsInvitedAndOneByteBeyondIsNot()
    {
        using var client = new RawClient(service.Port);
        await client.SendAsync(HeadOfLength(SocketService.BodyBytesMax) + "Expect: 100-continue\r\n\r\n");
        RawAnswers interim = await client.ReadAsync(answers: 1);
        Assert.Equal(100, Assert.Single(interim.All).Status);
        await client.SendAsync(Ambiguous.Body.PadRight(SocketService.BodyBytesMax));
        Assert.Equal(200, (await client.ReadAsync(answers: 1)).All[0].Status);

        foreach (string expect in new[] { "Expect: 100-continue\r\n", "" })
        {
            // Not a byte of the body is sent; the answer comes all the same.
            RawAnswers refused = await AskAsync(HeadOfLength(SocketService.BodyBytesMax + 1) + expect + "\r\n");
            Assert.Equal(413, Assert.Single(refused.All).Status);
            Assert.Equal("body", (string?)JsonNode.Parse(refused.All[0].Body)!["errors"]![0]!["limit"]);
            Assert.Equal("application/problem+json", refused.All[0]["Content-Type"]);
            Assert.Null(refused.All[0]["Server"]);
        }
    }

    [Fact]
    public async Task Body_WithoutEnd_IsCutOffSoonAfterTheLimit()
    {
        using var client = new RawClient(service.Port);
        await client.SendAsync($"{Post}{Json}Transfer-Encoding: chunked\r\n\r\n");
        Task<RawAnswers> reading = client.ReadAsync();
        byte[] chunk = Encoding.ASCII.GetBytes($"1000\r\n{new string(' ', 4096)}\r\n");
        int sent = 0;
        while (!reading.IsCompleted && await client.SendAsync(chunk))
        {
            sent += chunk.Length;
            Assert.True(sent < 1 << 28, "a quarter of a gigabyte was taken in");
        }

        RawAnswers answers = await reading;
        Assert.True(answers.IsClosed && answers.All.Count <= 1, $"{answers}");
        Assert.All(answers.All, answer => Assert.Equal(413, answer.Status));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Content-Type:\r\n")]
    [InlineData("Content-Type: text/plain\r\n")]
    [InlineData("Content-Type: application/json\r\nContent-Type: application/json\r\n")]
    [InlineData("Content-Type: application/json\r\nContent-Type: text/plain\r\n")]
    [InlineData("Content-Type: text/plain, application/json\r\n")]
    [InlineData("Content-Type: application/json, text/plain\r\n")]
    [InlineData("Content-Type: application/json; charset=latin1\r\n")]
    [InlineData("Content-Type: application/json; charset=utf-16\r\n")]
    [InlineData("Content-Type: multipart/form-data; boundary=x\r\n")]
    [InlineData("Content-Type: application/x-www-form-urlencoded\r\n")]
    public async Task ContentType_NotOneThatWeRead_Is415(string type)
    {
        RawAnswers answers = await AskAsync(
            $"{Post}{type}{Close}Content-Length: {Ambiguous.Body.Length}\r\n\r\n{Ambiguous.Body}");
        Assert.Equal(415, Assert.Single(answers.All).Status);
        Assert.Contains("unsupported_media_type", answers.All[0].Body, StringComparison.Ordinal);
    }

    // What is taken is the matter of PackedBodyTests; the refusal does not wait for the body.
    [Theory]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip,gzip")]
    [InlineData("gzip\r\nContent-Encoding: gzip")]
    [InlineData("gzip, gzip")]
    [InlineData("identity, gzip")]
    [InlineData("gzip\r\nContent-Encoding: identity")]
    [InlineData("")]
    public async Task ContentEncoding_OfAnyOtherKind_Is415BeforeTheBodyIsRead(string encoding)
    {
        using var client = new RawClient(service.Port);
        await client.SendAsync($"{Post}{Json}Content-Encoding: {encoding}\r\nContent-Length: {SocketService.BodyBytesMax}\r\n\r\n");
        RawAnswers answers = await client.ReadAsync(answers: 1);
        Assert.Equal(415, Assert.Single(answers.All).Status);
        Assert.Contains("Content-Encoding", answers.All[0].Body, StringComparison.Ordinal);
    }

    // The read that was given up once counted as going on, and the server ended the connection.
    [Fact]
    public async Task Body_ThatComesAfterItsDeadline_LeavesTheConnectionToTheNextRequest()
    {
        using var client = new RawClient(service.Port);
        await client.SendAsync($"{Post}{Json}X-Timeout-Ms: 50\r\nContent-Length: {Ambiguous.Body.Length}\r\n\r\n{Ambiguous.Body[..4]}");
        Assert.Equal(504, Assert.Single((await client.ReadAsync(answers: 1)).All).Status);
        await client.SendAsync($"{Ambiguous.Body[4..]}GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(200, Assert.Single((await client.ReadAsync(answers: 1)).All).Status);
    }

    // To set the status of an answer that has begun, even to the same, throws.
    [Fact]
    public async Task Client_ThatLeavesAmidItsAnswer_IsNoFault()
    {
        using var client = new RawClient(service.Port);
        string targets = string.Join(',', Enumerable.Repeat("0.3", 1200));
        string body = $$"""{"predictions":[{{targets}}],"targets":[{{targets}}],"reduction":"none"}""";
        for (int i = 0; i < 200; i++)
        {
            await client.SendAsync($"{Post}{Json}Content-Length: {body.Length}\r\n\r\n{body}");
        }

        await Task.Delay(100);
        client.Reset();
        await service.UntilNothingIsLentAsync();
        Assert.DoesNotContain(service.Log.All, line => line.Contains("StatusCode", StringComparison.Ordinal));
    }

    // It looks like leaving (map: A client that leaves), but what is small is answered all the same.
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Client_ThatEndsItsHalf_IsStillAnsweredAndLeavesNothingBehind(int requests)
    {
        using var client = new RawClient(service.Port);
        string request = $"{Post}{Json}Content-Length: {Ambiguous.Body.Length}\r\n\r\n{Ambiguous.Body}";
        await client.SendAsync(string.Concat(Enumerable.Repeat(request, requests)));
        client.EndSending();
        RawAnswers answers = await client.ReadAsync();
        Assert.True(answers.IsClosed && answers.Whole == requests && answers.Rest.Length == 0, $"{answers}");
        Assert.All(answers.All, answer => Assert.Equal(200, answer.Status));
        await service.UntilNothingIsLentAsync();
    }

    [Fact]
    public async Task Requests_AThousandInOneGo_AreAnsweredInOrderUpToTheBadOne()
    {
        const int Requests = 1000;
        var all = new StringBuilder();
        for (int i = 0; i < Requests; i++)
        {
            string body = string.Create(CultureInfo.InvariantCulture, $$"""{"predictions":[{{i}}],"targets":[0],"reduction":"sum"}""");
            all.Append(CultureInfo.InvariantCulture, $"{Post}{Json}Content-Length: {body.Length}\r\n\r\n{body}");
        }

        using var client = new RawClient(service.Port);
        Task<RawAnswers> reading = client.ReadAsync();
        await client.SendAsync($"{all}BAD REQUEST\r\n\r\n{Ambiguous.Hidden}");
        RawAnswers answers = await reading;
        Assert.True(answers.IsClosed && answers.All.Count == Requests + 1, $"{answers}");
        Assert.Equal(400, answers.All[Requests].Status);
        Assert.All(answers.All.Take(Requests).Index(), one => Assert.Equal((double)one.Index * one.Index, LossOf(one.Item)));
    }

    [Theory]
    [InlineData("Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: evil\r\nForwarded: host=evil.example\r\n")]
    [InlineData("Host: x\r\nX-Original-URL: /hidden\r\nX-Rewrite-URL: /hidden\r\nX-Forwarded-Prefix: /evil\r\n")]
    [InlineData("Host: x\r\nX-HTTP-Method-Override: GET\r\nX-HTTP-Method: GET\r\nX-Method-Override: GET\r\n")]
    [InlineData("Host: x\r\nX-Forwarded-For: evil.example\r\nX-Real-IP: evil.example\r\nX-Content-Length: 3\r\n")]
    public async Task Headers_OfAForger_ChangeNothing(string headers)
    {
        string request = $"POST /v1/losses/mse HTTP/1.1\r\n{headers}{Json}{Close}Content-Length: {Ambiguous.Body.Length}\r\n\r\n{Ambiguous.Body}";
        RawAnswer answer = Assert.Single((await AskAsync(request)).All);
        Assert.Equal(200, answer.Status);
        Assert.Equal(4, LossOf(answer));
        Assert.Equal("/v1/losses/mse_loss", answer["Content-Location"]);
        Assert.DoesNotContain("evil", answer.Head + answer.Body, StringComparison.Ordinal);

        RawAnswer refused = Assert.Single((await AskAsync($"GET /nothing HTTP/1.1\r\n{headers}{Close}\r\n")).All);
        Assert.Equal(404, refused.Status);
        Assert.DoesNotContain("evil", refused.Head + refused.Body, StringComparison.Ordinal);
        RawAnswer document = Assert.Single((await AskAsync($"GET /openapi/v1.json HTTP/1.1\r\n{headers}{Close}\r\n")).All);
        Assert.DoesNotContain("evil", document.Head + document.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("//v1/info", 404)]
    [InlineData("/v1//info", 404)]
    [InlineData("/health/../v1/info", 200)] // dots are resolved before anything is routed
    [InlineData("/health/%2e%2e/v1/info", 200)]
    [InlineData("/health/%2E%2E/%2e./v1/info", 200)]
    [InlineData("/../../../etc/passwd", 404)]
    [InlineData("/v1/losses/..%2f..%2fetc%2fpasswd", 404)]
    [InlineData("/v1/losses/..;/info", 404)]
    [InlineData("/v1/losses/%252e%252e/info", 404)]
    [InlineData("/v1/losses/..\\..\\info", 404)]
    [InlineData("/v1/losses/%00", 400)]
    [InlineData("/v1/losses/%c0%ae%c0%ae/info", 404)]
    [InlineData("/v1/losses/mse_loss/", 200)]
    [InlineData("/swagger/..%2f..%2fappsettings.json", 404)]
    [InlineData("http://x/v1/info", 200)]
    public async Task Target_OfAForger_ReachesNothingElse(string target, int status)
    {
        RawAnswer answer = Assert.Single((await AskAsync($"GET {target} HTTP/1.1\r\nHost: x\r\n{Close}\r\n")).All);
        Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
        Assert.DoesNotContain("root:", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("AllowedHosts", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_FarBeyondItsLimits_IsCutOff()
    {
        string parameters = string.Join('&', Enumerable.Range(0, 100_000).Select(i => $"a{i}=1"));
        string headers = string.Concat(Enumerable.Range(0, 300).Select(i => $"X{i}: y\r\n"));
        await AssertStatusAsync(414, $"GET /v1/losses?{new string('x', 1 << 20)} HTTP/1.1\r\nHost: x\r\n\r\n");
        await AssertStatusAsync(414, $"GET /{new string('x', 1 << 20)} HTTP/1.1\r\nHost: x\r\n\r\n");
        await AssertStatusAsync(414, $"GET /v1/losses?{parameters} HTTP/1.1\r\nHost: x\r\n\r\n");
        await AssertStatusAsync(431, $"GET /v1/info HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        await AssertStatusAsync(431, $"GET /v1/info HTTP/1.1\r\nHost: x\r\nX: {new string('x', 99 << 10)}\r\n\r\n");
        await AssertStatusAsync(431, $"GET /v1/info HTTP/1.1\r\nHost: x\r\n{new string('x', 99 << 10)}: x\r\n\r\n");
        await AssertStatusAsync(200, $"GET /v1/info HTTP/1.1\r\nHost: x\r\nX: {new string('x', 31 << 10)}\r\n{Close}\r\n");
    }

    [Theory]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("PROPFIND")]
    public async Task Method_OfNoUse_Is405AndReflectsNothing(string method)
    {
        foreach ((string path, string allow) in new[] { ("/v1/info", "GET, HEAD"), ("/v1/losses/mse_loss", "GET, HEAD, POST") })
        {
            RawAnswer answer = Assert.Single((await AskAsync(
                $"{method} {path} HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n{Close}\r\n")).All);
            Assert.Equal(405, answer.Status);
            Assert.Equal(allow, string.Join(", ", answer["Allow"]!.Split(", ").Order(StringComparer.Ordinal)));
            Assert.Contains("method_not_allowed", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("Access-Control", answer.Head, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("evil", answer.Head + answer.Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/v1/info", 200)]
    [InlineData("/v1/losses/mse_loss", 200)]
    [InlineData("/nothing", 404)]
    public async Task Head_OfAPage_HasNoBody(string path, int status)
    {
        RawAnswers answers = await RawClient.AskAsync(service.Port, $"HEAD {path} HTTP/1.1\r\nHost: x\r\n{Close}\r\n", toHead: true);
        Assert.Equal(status, Assert.Single(answers.All).Status);
        Assert.Equal("", answers.Rest);
    }

    [Theory]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: x\r\n")]
    [InlineData("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n")]
    public async Task Method_WithATargetOfItsOwn_IsRefused(string head)
    {
        RawAnswer answer = Assert.Single((await AskAsync($"{head}{Close}\r\n")).All);
        Assert.InRange(answer.Status, 400, 499);
    }

    [Theory]
    [InlineData("")] // in chunks
    [InlineData(",\"return_items\":true")] // of a known length
    public async Task Answer_CutAfterItsHead_IsSeenToBeCut(string more)
    {
        string body = Ambiguous.Body.Replace("}", $"{more}}}", StringComparison.Ordinal);
        RawAnswers answers = await AskAsync(
            $"{Post}{Json}Accept: application/x-breaking\r\nContent-Length: {body.Length}\r\n\r\n{body}{Ambiguous.Hidden}");
        Assert.True(answers.IsClosed, $"{answers}");
        Assert.True(answers.All.Count <= 1 && answers.Whole == 0, $"{answers}"); // never an end that looks like one
        Assert.DoesNotContain("problem", string.Concat(answers.All.Select(answer => answer.Body)), StringComparison.Ordinal);
        await service.UntilNothingIsLentAsync();
    }

    private static double LossOf(RawAnswer answer) => (double)JsonNode.Parse(answer.Body)!["loss"]!;

    private static string HeadOfLength(int length) =>
        string.Create(CultureInfo.InvariantCulture, $"{Post}{Json}Content-Length: {length}\r\n");

    private async Task AssertStatusAsync(int status, string request)
    {
        RawAnswers answers = await AskAsync(request);
        Assert.True(answers.All.Count == 1 && answers.All[0].Status == status, $"{answers}");
    }

    private Task<RawAnswers> AskAsync(string request) => RawClient.AskAsync(service.Port, request);
}
