using System.Globalization;
using System.Text.Json.Nodes;
using LossService.Tests.Http;
using Xunit;

namespace LossService.Tests.Api;

// Limits of request line and headers, over sockets and in both versions of HTTP.
public sealed partial class EveryLimitTests
{
    // Everybody may ask there, and does: who watches the service is no exception.
    private static readonly string[] Watched = ["/health/live", "/health/ready"];

    private delegate Head HeadOf(string path, string host, string version, int size);

    private static Task LineAsync(string name) => HeadsAsync(name, "RequestLineBytesMax", 300, (path, host, version, size) =>
        new($"{path}?".PadRight(size - "GET  ".Length - version.Length - "\r\n".Length, 'x'), []));

    private static Task HeadersSizeAsync(string name) => HeadsAsync(name, "HeaderBytesMax", 1024, (path, host, version, size) =>
        new(path, [new string('y', size - LineOf("Host", host) - LineOf("X0", ""))]));

    private static Task HeadersAsync(string name) => HeadsAsync(name, "HeadersMax", 10, (path, host, version, size) =>
        new(path, [.. Enumerable.Repeat("y", size - 1)]));

    private static int LineOf(string name, string value) => $"{name}: {value}\r\n".Length;

    private static async Task HeadsAsync(string name, string setting, int limit, HeadOf headOf)
    {
        using var service = new Http2Service(TimeProvider.System, ($"Limits:{setting}", $"{limit}"));
        using var handler = new SocketsHttpHandler { ActivityHeadersPropagator = null }; // no header but those of the test
        using var client = new HttpClient(handler) { BaseAddress = new($"http://127.0.0.1:{service.Port}") };
        foreach (string path in Watched)
        {
            foreach (int size in (int[])[limit - 1, limit, limit + 1, 2 * limit])
            {
                Head first = headOf(path, "x", "HTTP/1.1", size);
                using var raw = new RawClient(service.DefaultPort);
                await raw.SendAsync($"GET {first.Target} HTTP/1.1\r\nHost: x\r\n{string.Concat(first.Lines.Select(line => $"{line.Name}: {line.Value}\r\n"))}\r\n");
                RawAnswers answers = await raw.ReadAsync(answers: 1);
                Assert.True(answers.All.Count == 1, $"{size}: {answers}");
                AssertHead(name, size, limit, answers.All[0].Status, answers.All[0].Body);

                Head second = headOf(path, client.BaseAddress.Authority, "HTTP/2", size);
                using var request = new HttpRequestMessage(HttpMethod.Get, second.Target)
                {
                    Version = new(2, 0),
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                };
                foreach ((string header, string value) in second.Lines)
                {
                    request.Headers.Add(header, value);
                }

                using HttpResponseMessage answer = await client.SendAsync(request);
                AssertHead(name, size, limit, (int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
            }
        }
    }

    private static void AssertHead(string name, int size, int limit, int status, string body)
    {
        if (size <= limit)
        {
            Assert.True(status is 200 or 503, $"{size}: {status} {body}"); // 503 before it is warm
            return;
        }

        Assert.True(status == 431 && body.Length > 0, $"{size}: {status} {body}");
        JsonNode problem = JsonNode.Parse(body)!;
        Assert.Equal("limit_exceeded", (string?)problem["code"]);
        JsonNode error = Assert.Single(problem["errors"]!.AsArray())!;
        Assert.Equal((name, size.ToString(CultureInfo.InvariantCulture)), ((string?)error["limit"], (string?)error["found"]));
        Assert.Contains($"at most {limit} ", (string?)error["expected"], StringComparison.Ordinal);
    }

    /// <summary>The target of a request, and the values of its headers behind Host.</summary>
    private sealed record Head(string Target, string[] Values)
    {
        public IEnumerable<(string Name, string Value)> Lines => Values.Select((value, i) => ($"X{i}", value));
    }
}
