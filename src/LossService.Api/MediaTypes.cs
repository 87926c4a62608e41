using LossService.Wire;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace LossService.Api;

/// <summary>The formats of bodies: which codec reads a request, and whether its caller takes what we would
/// answer.</summary>
internal sealed class MediaTypes(IReadOnlyList<Codec> codecs)
{
    /// <summary>The query's word for what a body is, whose media type says only that it is bytes.</summary>
    public const string FormatName = "format";

    private const string Json = "application/json";
    private const string Bytes = "application/octet-stream";

    private const string Form = "application/x-www-form-urlencoded";

    // What a caller sent by mistake is named only where it is one of these: his own bytes are not repeated.
    private static readonly string[] WellKnown =
    [
        Json, Bytes, Form, "multipart/form-data", "text/plain", "text/json", "text/csv", "text/html", "text/xml",
        "application/xml", "application/x-ndjson",
    ];

    /// <summary>The media types, most usual first.</summary>
    public IEnumerable<string> Names => codecs.Select(codec => codec.MediaType);

    private string Formats => ParameterRange.Listed(Names);

    private string FormatWords => ParameterRange.Listed(codecs.Select(codec => codec.FormatWord).OfType<string>());

    /// <summary>The codec for a request's body, or the problem that it cannot be read (415).</summary>
    public Codec? For(HttpRequest request, out Problem? problem)
    {
        problem = null;
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
        {
            problem = Problem.Of(Engine.Codes.UnsupportedMediaType, Unpacking.Expected);
            return null;
        }

        Codec? named = InBytes(request);
        if (named is null && request.QueryString.HasValue && request.Query.ContainsKey(FormatName))
        {
            problem = Problem.Of(Engine.Codes.UnsupportedMediaType, $"?{FormatName}: expected {FormatWords}");
            return null;
        }

        foreach (Codec codec in codecs)
        {
            if (Is(codec.MediaType, request.ContentType) || (codec == named && Is(Bytes, request.ContentType)))
            {
                return codec;
            }
        }

        problem = Problem.Of(
            Engine.Codes.UnsupportedMediaType,
            $"Content-Type: expected {Formats}, or {Bytes} with ?{FormatName}={FormatWords}; text in UTF-8; "
            + $"found {Found(request.ContentType)}");
        return null;
    }

    /// <summary>The codec for the answer and the media type to call it by, or the problem that its caller takes none
    /// (406). Of formats that are equally welcome it is that of the request.</summary>
    public Codec? ForAnswer(HttpRequest request, Codec asked, out string mediaType, out Problem? problem)
    {
        StringValues accept = request.Headers.Accept;
        problem = null;
        mediaType = asked.MediaType;
        Codec? best = asked;
        double most = QualityOf(accept, mediaType);
        if (most == 1)
        {
            return best;
        }

        foreach (Codec codec in codecs)
        {
            Prefer(codec, QualityOf(accept, codec.MediaType), codec.MediaType, ref best, ref most, ref mediaType);
        }

        Prefer(InBytes(request), QualityOf(accept, Bytes), Bytes, ref best, ref most, ref mediaType);
        if (most == 0)
        {
            problem = Problem.Of(Engine.Codes.NotAcceptable, $"Accept: expected {Formats}");
            return null;
        }

        return best;
    }

    /// <summary>True when an Accept header allows this media type (RFC 9110, 12.5.1); an absent one allows
    /// all.</summary>
    public static bool Allows(StringValues accept, string mediaType) => QualityOf(accept, mediaType) > 0;

    private static double QualityOf(StringValues accept, string mediaType)
    {
        if (accept.Count == 0 || accept == mediaType || accept == "*/*")
        {
            return 1;
        }

        if (!MediaTypeHeaderValue.TryParseList(accept, out IList<MediaTypeHeaderValue>? ranges))
        {
            return 0;
        }

        // The most specific range that covers the type decides; a quality of 0 excludes it.
        var wanted = new MediaTypeHeaderValue(mediaType);
        int specific = -1;
        double quality = 0;
        foreach (MediaTypeHeaderValue range in ranges)
        {
            int specificity = range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;
            if (specificity >= specific && Covers(range, wanted))
            {
                double given = range.Quality ?? 1;
                quality = specificity == specific ? Math.Max(quality, given) : given;
                specific = specificity;
            }
        }

        return quality;
    }

    // Parameters of a range, such as charset, narrow nothing: there is one way of writing each format.
    private static bool Covers(MediaTypeHeaderValue range, MediaTypeHeaderValue type) =>
        range.MatchesAllTypes
        || (range.Type.Equals(type.Type, StringComparison.OrdinalIgnoreCase)
            && (range.MatchesAllSubTypes || range.SubType.Equals(type.SubType, StringComparison.OrdinalIgnoreCase)));

    private static void Prefer(
        Codec? codec, double quality, string name, ref Codec? best, ref double most, ref string mediaType)
    {
        if (codec is not null && quality > most)
        {
            (best, most, mediaType) = (codec, quality, name);
        }
    }

    private Codec? InBytes(HttpRequest request)
    {
        string? word = request.QueryString.HasValue ? request.Query[FormatName].ToString() : null;
        return word is null ? null : codecs.FirstOrDefault(codec => codec.FormatWord == word);
    }

    private static string Found(string? contentType)
    {
        string? sent = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? given)
            ? given.MediaType.Value : null;
        string? type = WellKnown.FirstOrDefault(known => known.Equals(sent, StringComparison.OrdinalIgnoreCase));
        return type switch
        {
            null => string.IsNullOrEmpty(contentType) ? "none" : "another",
            Json => $"{Json} in another charset",
            Form => $"{Form}; curl sends JSON with --json, or with -H 'Content-Type: {Json}'",
            _ => type,
        };
    }

    private static bool Is(string mediaType, string? contentType) =>
        mediaType == contentType
        || (MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? given)
            && given.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
            && (!given.Charset.HasValue || mediaType != Json
                || given.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || given.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)));
}
