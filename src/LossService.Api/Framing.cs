using LossService.Engine;
using LossService.Wire;
using Microsoft.Extensions.Primitives;

namespace LossService.Api;

/// <summary>Refuses requests whose end two readers may see in two places, and closes their connections.</summary>
/// <remarks>Behind a proxy, what one reader takes for a body the other could take for somebody's next request (RFC
/// 9112, 6.1 and 6.3).</remarks>
internal static class Framing
{
    // Where the server puts a length that it has overruled by chunks.
    private const string OverruledLength = "X-Content-Length";

    public static void UseFraming(this WebApplication app) => app.Use(static (http, next) =>
    {
        IHeaderDictionary headers = http.Request.Headers;
        if (headers.TransferEncoding.Count == 0)
        {
            return next(http);
        }

        bool isLengthGiven = headers.ContentLength is not null || headers.ContainsKey(OverruledLength);
        string? detail = HttpProtocol.IsHttp10(http.Request.Protocol) ? "Transfer-Encoding: HTTP/1.0 has none"
            : isLengthGiven ? "expected Content-Length or Transfer-Encoding, found both"
            : !IsChunked(headers.TransferEncoding) ? "Transfer-Encoding: expected chunked and nothing else"
            : null;
        if (detail is null)
        {
            return next(http);
        }

        http.Response.Headers.Connection = "close";
        return ProblemAnswer.WriteAsync(http, Problem.Of(Codes.MalformedJson, detail));
    });

    private static bool IsChunked(StringValues codings) =>
        codings is [{ } coding] && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase);
}
