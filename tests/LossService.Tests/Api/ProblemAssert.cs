using System.Text.Json.Nodes;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>An answer that must be a problem of one code.</summary>
internal static class ProblemAssert
{
    public static async Task<JsonNode> IsAsync(HttpResponseMessage answer, int status, string code)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"expected {status}, found {(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal(true, answer.Headers.CacheControl?.NoStore);
        JsonNode problem = JsonNode.Parse(text)!;
        Assert.Equal(code, (string?)problem["code"]);
        Assert.Equal(status, (int?)problem["status"]);
        Assert.Equal($"/problems/{code}", (string?)problem["type"]);
        Assert.False(string.IsNullOrEmpty((string?)problem["title"]));
        Assert.False(string.IsNullOrEmpty((string?)problem["detail"]));
        Assert.Matches("^[0-9a-f]{32}$", (string?)problem["trace_id"]);
        return problem;
    }

    /// <summary>The error items as <c>pointer code</c>, in order.</summary>
    public static string[] Errors(JsonNode problem) =>
        [.. problem["errors"]!.AsArray().Select(error => $"{error!["pointer"]} {error["code"]}")];
}
