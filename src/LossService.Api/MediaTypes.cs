using LossService.Wire;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace LossService.Api;

/// <summary>The formats of bodies: which codec reads a request, and whether its caller takes what we would
/// answer.</summary>
internal sealed class MediaTypes(IReadOnlyList<Codec> codecs)
{
    private const string Json = "application/json";

    /// <summary>The media types, most usual first.</summary>
    public IEnumerable<string> Names => codecs.Select(codec => codec.MediaType);

    /// <summary>The codec for a request's body, or the problem that it cannot be read (415).</summary>
    public Codec? For(HttpRequest request, out Problem? problem)
    {
        problem = null;
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
        {
            problem = Problem.Of(Engine.Codes.UnsupportedMediaType, "Content-Encoding: send the body as it is");
            return null;
        }

        foreach (Codec codec in codecs)
        {
            if (Is(codec.MediaType, request.ContentType))
            {
                return codec;
            }
        }

        string formats = string.Join(" or ", Names);
        problem = Problem.Of(Engine.Codes.UnsupportedMediaType, $"Content-Type: expected {formats}, in UTF-8");
        return null;
    }

    /// <summary>True when an Accept header allows this media type (RFC 9110, 12.5.1); an absent one allows
    /// all.</summary>
    public static bool Allows(StringValues accept, string mediaType)
    {
        if (accept.Count == 0 || accept == mediaType || accept == "*/*")
        {
            return true;
        }

        if (!MediaTypeHeaderValue.TryParseList(accept, out IList<MediaTypeHeaderValue>? ranges))
        {
            return false;
        }

        // The most specific range that covers the type decides; a quality of 0 excludes it.
        var wanted = new MediaTypeHeaderValue(mediaType);
        int specific = -1;
        bool allows = false;
        foreach (MediaTypeHeaderValue range in ranges)
        {
            int specificity = range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;
            if (specificity >= specific && Covers(range, wanted))
            {
                bool wins = range.Quality is not 0;
                allows = specificity == specific ? allows || wins : wins;
                specific = specificity;
            }
        }

        return allows;
    }

    // Parameters of a range, such as charset, narrow nothing: there is one way of writing each format.
    private static bool Covers(MediaTypeHeaderValue range, MediaTypeHeaderValue type) =>
        range.MatchesAllTypes
        || (range.Type.Equals(type.Type, StringComparison.OrdinalIgnoreCase)
            && (range.MatchesAllSubTypes || range.SubType.Equals(type.SubType, StringComparison.OrdinalIgnoreCase)));

    private static bool Is(string mediaType, string? contentType) =>
        mediaType == contentType
        || (MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? given)
            && given.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
            && (!given.Charset.HasValue || mediaType != Json
                || given.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || given.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)));
}
