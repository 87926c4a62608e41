using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LossService.Engine;

namespace LossService.Wire;

/// <summary>The one error shape that leaves the service: problem details (RFC 9457) with a stable code and the list of
/// everything that was wrong.</summary>
public sealed record Problem
{
    /// <summary>The media type of every error, whatever was asked for.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>Where the code is explained: <c>/problems/{code}</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The code in words, the same for every request.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>The stable name of what went wrong.</summary>
    public required string Code { get; init; }

    /// <summary>What happened in this request, in our own words, numbers and pointers.</summary>
    public required string Detail { get; init; }

    /// <summary>Finds the request in the log.</summary>
    public string? TraceId { get; init; }

    /// <summary>Names that exist and are close to the one that does not.</summary>
    public IReadOnlyList<string>? Suggestions { get; init; }

    /// <summary>Everything wrong with the request, at most 20 entries.</summary>
    public IReadOnlyList<Mistake>? Errors { get; init; }

    /// <summary>True when there were more; absent otherwise.</summary>
    public bool? Truncated { get; init; }

    /// <summary>After how many seconds the caller may try again; it leaves as a header.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    /// <summary>A problem of one of the codes of <see cref="ProblemKinds"/>.</summary>
    /// <param name="code">The code.</param>
    /// <param name="detail">What happened in this request.</param>
    /// <param name="status">The HTTP status, where it is not the usual one of the code.</param>
    public static Problem Of(string code, string detail, int? status = null)
    {
        ProblemKind kind = ProblemKinds.Find(code) ?? ProblemKinds.Find(ProblemKinds.InternalError)!;
        return new()
        {
            Type = kind.Type,
            Title = kind.Title,
            Status = status ?? kind.Status,
            Code = kind.Code,
            Detail = detail,
        };
    }

    /// <summary>Nothing is wrong with the request, but it has to come again later.</summary>
    public static Problem Later(string detail, int seconds = 1) =>
        Of(Codes.Overloaded, detail) with { RetryAfterSeconds = seconds };

    /// <summary>The request passes a limit as a whole.</summary>
    /// <param name="limit">The limit's name.</param>
    /// <param name="detail">What it passed.</param>
    /// <param name="expected">What it allows, where that helps.</param>
    /// <param name="found">What was found instead.</param>
    public static Problem TooLarge(string limit, string detail, string? expected = null, string? found = null) =>
        From(new Mistake("", Codes.LimitExceeded, detail) { Limit = limit, Expected = expected, Found = found });

    /// <summary>The problem of a request that has one mistake.</summary>
    public static Problem From(Mistake mistake)
    {
        var mistakes = new Mistakes();
        mistakes.Add(mistake);
        return From(mistakes);
    }

    /// <summary>The problem that a request's mistakes amount to: a body that cannot be understood (400) comes before
    /// one that is too large (413), and that before one that makes no sense (422); of equals the first found.</summary>
    public static Problem From(Mistakes mistakes)
    {
        ArgumentNullException.ThrowIfNull(mistakes);
        Mistake worst = FirstOf(mistakes, 400) ?? FirstOf(mistakes, 413) ?? mistakes.All[0];
        string place = worst.Pointer.Length == 0 ? "" : worst.Pointer.TrimStart('/') + ": ";
        string more = mistakes.All.Count == 1 ? "" : $" (and {mistakes.All.Count - 1} more)";
        return Of(worst.Code, place + worst.Detail + more) with
        {
            Errors = mistakes.All,
            Truncated = mistakes.Truncated ? true : null,
        };
    }

    /// <summary>Writes the problem as JSON.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions
        {
            Indented = true,
            // The answer is JSON and says so (nosniff): quotes and Greek letters may stay readable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
        JsonSerializer.Serialize(json, this, ProblemJson.Default.Problem);
    }

    private static Mistake? FirstOf(Mistakes mistakes, int status)
    {
        foreach (Mistake mistake in mistakes.All)
        {
            if (ProblemKinds.Find(mistake.Code)?.Status == status)
            {
                return mistake;
            }
        }

        return null;
    }
}

/// <summary>How a problem is spelled: snake_case, nothing that is absent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
