using System.Buffers;
using LossService.Engine;
using LossService.Wire;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace LossService.Api;

/// <summary>Refuses requests whose end two readers may see in two places, and closes their connections; then those
/// whose head is too large.</summary>
/// <remarks>Behind a proxy, what one reader takes for a body the other could take for somebody's next request (RFC
/// 9112, 6.1 and 6.3). Heads are measured here because to walk their headers costs more than to measure
/// them.</remarks>
internal static class Framing
{
    // Where the server puts a length that it has overruled by chunks.
    private const string OverruledLength = "X-Content-Length";

    // Of a token, RFC 9110, 5.6.2.
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static void UseFraming(this WebApplication app)
    {
        Limits limits = app.Services.GetRequiredService<IOptions<Limits>>().Value;
        app.Use((http, next) =>
        {
            var size = new HeadSize();
            if (Doubt(http.Request, ref size) is { } detail)
            {
                http.Response.Headers.Connection = "close";
                return ProblemAnswer.WriteAsync(http, Problem.Of(Codes.MalformedJson, detail));
            }

            return size.Refusal(http.Request, limits) is { } refusal
                ? ProblemAnswer.WriteAsync(http, refusal) : next(http);
        });
    }

    // Why nobody can be sure where the request ends; null where all can.
    private static string? Doubt(HttpRequest request, ref HeadSize size)
    {
        IHeaderDictionary headers = request.Headers;
        foreach ((string name, StringValues values) in headers)
        {
            size.Add(name, values);
            // The server takes such a name for one of its own; who passes over the odd character reads another.
            if (name.AsSpan().ContainsAnyExcept(NameCharacters))
            {
                return "a header's name holds a character that no name may hold";
            }
        }

        if (HttpMethods.IsConnect(request.Method))
        {
            return "CONNECT: expected a method that asks for something here"; // what follows may be meant for elsewhere
        }

        bool isLengthGiven = headers.ContentLength is not null || headers.ContainsKey(OverruledLength);
        return headers.TransferEncoding.Count == 0 ? null
            : HttpProtocol.IsHttp10(request.Protocol) ? "Transfer-Encoding: HTTP/1.0 has none"
            : isLengthGiven ? "expected Content-Length or Transfer-Encoding, found both"
            : !IsChunked(headers.TransferEncoding) ? "Transfer-Encoding: expected chunked and nothing else"
            : null;
    }

    private static bool IsChunked(StringValues codings) =>
        codings is [{ } coding] && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase);
}
