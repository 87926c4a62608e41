using System.Globalization;
using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace LossService.Api;

/// <summary>The log: one structured line a request, JSON for machines and text for people. No line ever holds a number
/// of a tensor, a byte of a body or a query string.</summary>
internal static class RequestLine
{
    private const string Text = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj} {Dtype:l} {Shapes:l} {Code:l}{NewLine}{Exception}";
    private const int PathLengthMax = 256;

    /// <summary>Sends everything through Serilog to standard output.</summary>
    public static void AddRequestLine(this WebApplicationBuilder builder)
    {
        // Whoever looks at a terminal wants text; a container, a pipe or a file is read by a machine.
        bool forPeople = builder.Environment.IsDevelopment()
            || (!Console.IsOutputRedirected && builder.Configuration["DOTNET_RUNNING_IN_CONTAINER"] != "true");
        builder.Services.AddSerilog(
            (services, log) => Configure(log, services, builder.Configuration, forPeople), preserveStaticLogger: true);
    }

    /// <summary>Writes the line when a request ends; health probes and aborted requests only at level Debug.</summary>
    public static void UseRequestLine(this WebApplication app) => app.UseSerilogRequestLogging(options =>
    {
        options.Logger = app.Services.GetRequiredService<Serilog.ILogger>();
        options.MessageTemplate = "{Method:l} {Route:l} {Status} {Outcome:l} in {Milliseconds:0.0} ms";
        options.IncludeQueryInRequestPath = false;
        options.GetLevel = (http, _, _) => http.RequestAborted.IsCancellationRequested || IsProbe(http)
            ? LogEventLevel.Debug
            : http.Response.StatusCode == StatusCodes.Status500InternalServerError
                ? LogEventLevel.Error : LogEventLevel.Information;
        options.GetMessageTemplateProperties = (http, _, milliseconds, status) =>
        [
            new("Method", new ScalarValue(Clean(http.Request.Method))),
            new("Route", new ScalarValue(RouteOf(http))),
            new("Status", new ScalarValue(status)),
            new("Outcome", new ScalarValue(OutcomeOf(http, status))),
            new("Milliseconds", new ScalarValue(Math.Round(milliseconds, 3))),
        ];
    });

    /// <summary>Adds what was asked to the request's line: shapes, dtype and how many elements.</summary>
    public static void Describe(IDiagnosticContext line, LossRequest request)
    {
        var shapes = new StringBuilder();
        long elements = 0;
        for (int place = 0; place < request.Card.Inputs.Count + Common.Tensors.Count; place++)
        {
            if (!request.HasInput(place))
            {
                continue;
            }

            Shape shape = request.AnyTensor(place).Shape;
            shapes.Append(shapes.Length == 0 ? "" : ", ").Append(request.Card.InputAt(place).Name).Append(' ').Append(shape);
            elements += shape.Elements;
        }

        line.Set("Shapes", shapes.ToString());
        line.Set("Dtype", request.IsFloat64 ? "float64" : "float32");
        line.Set("Elements", elements);
    }

    private static void Configure(
        LoggerConfiguration log, IServiceProvider services, IConfiguration settings, bool forPeople)
    {
        log.MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .ReadFrom.Configuration(settings)
            .ReadFrom.Services(services);
        if (forPeople)
        {
            log.WriteTo.Console(outputTemplate: Text, formatProvider: CultureInfo.InvariantCulture);
        }
        else
        {
            log.WriteTo.Console(new RenderedCompactJsonFormatter());
        }
    }

    private static bool IsProbe(HttpContext http) => http.Request.Path.StartsWithSegments("/health");

    private static string OutcomeOf(HttpContext http, int status) =>
        http.RequestAborted.IsCancellationRequested ? "aborted" : status < 400 ? "ok" : "refused";

    // The pattern that matched is our own text; only where none did, the caller's path stands, made harmless.
    private static string RouteOf(HttpContext http) =>
        (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? Clean(http.Request.Path.Value ?? "");

    private static string Clean(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, PathLengthMax));
        foreach (char one in text.AsSpan(0, Math.Min(text.Length, PathLengthMax)))
        {
            clean.Append(one is > ' ' and < '\x7F' ? one : '?');
        }

        return clean.ToString();
    }
}
