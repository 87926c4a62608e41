using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Net.Http.Headers;

namespace LossService.Api.Pages;

/// <summary>A document that was written once and is served many times, with its ETag.</summary>
internal sealed class Page(byte[] body, string mediaType = "application/json") : IResult
{
    private const int PartBytes = 32 << 10;

    private readonly EntityTagHeaderValue _tag =
        new('"' + Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 8)) + '"');

    /// <summary>The document's bytes.</summary>
    public ReadOnlyMemory<byte> Body => body;

    /// <summary>Writes a value as JSON.</summary>
    public static Page Of<T>(T value, JsonTypeInfo<T> type) => new(JsonSerializer.SerializeToUtf8Bytes(value, type));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.GetTypedHeaders().ETag = _tag;
        response.Headers.CacheControl = "no-cache";
        if (IsKnown(httpContext.Request))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = mediaType;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await WriteAsync(response.BodyWriter, httpContext.RequestAborted);
        }
    }

    // In parts: the server copies all that it is handed at once, and a thousand slow readers of a megabyte would hold a
    // gigabyte.
    private async Task WriteAsync(PipeWriter writer, CancellationToken cancelled)
    {
        for (int at = 0; at < body.Length; at += PartBytes)
        {
            await writer.WriteAsync(body.AsMemory(at, Math.Min(PartBytes, body.Length - at)), cancelled);
        }
    }

    private bool IsKnown(HttpRequest request)
    {
        if (request.Headers.IfNoneMatch.Count == 0)
        {
            return false;
        }

        foreach (EntityTagHeaderValue known in request.GetTypedHeaders().IfNoneMatch)
        {
            if (known.Equals(EntityTagHeaderValue.Any) || known.Compare(_tag, useStrongComparison: false))
            {
                return true;
            }
        }

        return false;
    }
}
