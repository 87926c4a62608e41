using System.Globalization;
using LossService.Wire;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace LossService.Api;

/// <summary>How large a request's head is, as HTTP/1.1 writes it with one space behind each colon, whichever version it
/// came in; a character counts as a byte.</summary>
/// <remarks>The server cuts off what is more than twice as long as its limits, and so bounds the sums
/// (<c>KestrelLimits.cs</c>); what lies between is told which limit it passed.</remarks>
internal struct HeadSize
{
    // A colon and a space, or the two spaces of a request line; and the line's end.
    private const int LineBytes = 4;

    private int _headers;
    private int _bytes;

    /// <summary>Counts the lines of one header.</summary>
    public void Add(string name, StringValues values)
    {
        foreach (string? value in values)
        {
            _headers++;
            _bytes += name.Length + (value?.Length ?? 0) + LineBytes;
        }
    }

    /// <summary>The problem of a head that passes a limit; null for all others.</summary>
    /// <param name="request">Whose headers were counted.</param>
    /// <param name="limits">What may come.</param>
    public readonly Problem? Refusal(HttpRequest request, Limits limits)
    {
        string target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        int line = request.Method.Length + target.Length + request.Protocol.Length + LineBytes;
        return line > limits.RequestLineBytesMax
                ? Beyond("request_line", "the request line is too long", limits.RequestLineBytesMax, "bytes", line)
            : _bytes > limits.HeaderBytesMax
                ? Beyond("headers_size", "the headers are too long", limits.HeaderBytesMax, "bytes", _bytes)
            : _headers > limits.HeadersMax
                ? Beyond("headers", "there are too many headers", limits.HeadersMax, "headers", _headers)
            : null;
    }

    private static Problem Beyond(string limit, string detail, int most, string unit, int found) =>
        Problem.TooLarge(
            limit, detail,
            string.Create(CultureInfo.InvariantCulture, $"at most {most} {unit}"),
            found.ToString(CultureInfo.InvariantCulture)) with
        {
            Status = StatusCodes.Status431RequestHeaderFieldsTooLarge,
        };
}
