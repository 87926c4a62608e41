using System.Diagnostics;
using System.Text;
using Serilog.Events;
using Serilog.Parsing;

namespace LossService.Api;

/// <summary>Writes a request's line when it ends; health probes and aborted requests only at level Debug.</summary>
/// <remarks>As Serilog's own middleware does, but with the properties in one dictionary of the right size, and without
/// the ambient collector, for which every request copies its execution context several times.</remarks>
internal sealed class RequestLine(RequestDelegate next, Serilog.ILogger log)
{
    private const int PropertiesMax = 10;
    private const int PathLengthMax = 256;

    private static readonly MessageTemplate Template =
        new MessageTemplateParser().Parse("{Method:l} {Route:l} {Status} {Outcome:l} in {Milliseconds:0.0} ms");

    public async Task InvokeAsync(HttpContext http)
    {
        long start = Stopwatch.GetTimestamp();
        var facts = new RequestFacts();
        http.Features.Set(facts);
        try
        {
            await next(http);
        }
        finally
        {
            Write(http, facts, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private void Write(HttpContext http, RequestFacts facts, double milliseconds)
    {
        LogEventLevel level = LevelOf(http, facts);
        if (!log.IsEnabled(level))
        {
            return;
        }

        var properties = new Dictionary<string, LogEventPropertyValue>(PropertiesMax);
        Add(properties, "Loss", facts.Loss);
        Add(properties, "Code", facts.Code);
        Add(properties, "Shapes", facts.Shapes);
        Add(properties, "Dtype", facts.Dtype);
        Add(properties, "Elements", facts.Shapes is null ? null : facts.Elements);
        Add(properties, "Method", Clean(http.Request.Method));
        Add(properties, "Route", RouteOf(http));
        Add(properties, "Status", http.Response.StatusCode);
        Add(properties, "Outcome", OutcomeOf(http, facts));
        Add(properties, "Milliseconds", Math.Round(milliseconds, 3));
        Activity? activity = Activity.Current;
        log.Write(LogEvent.UnstableAssembleFromParts(
            DateTimeOffset.Now, level, null, Template, properties,
            activity?.TraceId ?? default, activity?.SpanId ?? default));
    }

    private static void Add(Dictionary<string, LogEventPropertyValue> properties, string name, object? value)
    {
        if (value is not null)
        {
            properties.Add(name, new ScalarValue(value));
        }
    }

    private static LogEventLevel LevelOf(HttpContext http, RequestFacts facts) =>
        IsAborted(http, facts) || http.Request.Path.StartsWithSegments("/health")
            ? LogEventLevel.Debug
            : http.Response.StatusCode == StatusCodes.Status500InternalServerError
                ? LogEventLevel.Error : LogEventLevel.Information;

    private static string OutcomeOf(HttpContext http, RequestFacts facts) =>
        IsAborted(http, facts) ? "aborted"
        : http.Response.StatusCode < 400 && facts.Code is null ? "ok" : "refused";

    private static bool IsAborted(HttpContext http, RequestFacts facts) =>
        facts.IsAborted || (facts.Code is null && http.RequestAborted.IsCancellationRequested);

    // The pattern that matched is our own text; only where none did, the caller's path stands, made harmless.
    private static string RouteOf(HttpContext http) =>
        (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? Clean(http.Request.Path.Value ?? "");

    private static string Clean(string text)
    {
        if (text.Length <= PathLengthMax && !text.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return text;
        }

        var clean = new StringBuilder(PathLengthMax);
        foreach (char one in text.AsSpan(0, Math.Min(text.Length, PathLengthMax)))
        {
            clean.Append(one is > ' ' and < '\x7F' ? one : '?');
        }

        return clean.ToString();
    }
}
