using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace LossService.Api;

/// <summary>The log: one structured line a request, JSON for machines and text for people. No line ever holds a number
/// of a tensor, a byte of a body or a query string.</summary>
internal static class RequestLog
{
    private const string Text = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj} {Dtype:l} {Shapes:l} {Code:l}{NewLine}{Exception}";
    private const string QueueExceeded = "exceeded the output operations maximum queue size.";
    private const int LineLengthMax = 4096;

    /// <summary>Sends everything through Serilog to standard output.</summary>
    public static void AddRequestLine(this WebApplicationBuilder builder)
    {
        // Whoever looks at a terminal wants text; a container, a pipe or a file is read by a machine.
        bool forPeople = builder.Environment.IsDevelopment()
            || (!Console.IsOutputRedirected && builder.Configuration["DOTNET_RUNNING_IN_CONTAINER"] != "true");
        builder.Services.AddSerilog(
            (services, log) => Configure(log, services, builder.Configuration, forPeople), preserveStaticLogger: true);
    }

    /// <summary>A log that writes its lines as the container's does, and nobody reads.</summary>
    public static Serilog.ILogger Unheard { get; } =
        new LoggerConfiguration().WriteTo.Sink(new Nowhere()).CreateLogger();

    /// <summary>Writes a line for every request.</summary>
    public static void UseRequestLine(this WebApplication app) => app.UseMiddleware<RequestLine>();

    private static void Configure(
        LoggerConfiguration log, IServiceProvider services, IConfiguration settings, bool forPeople)
    {
        log.MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .ReadFrom.Configuration(settings)
            .ReadFrom.Services(services)
            .Filter.ByExcluding(IsOfAFlood);
        if (forPeople)
        {
            log.WriteTo.Console(outputTemplate: Text, formatProvider: CultureInfo.InvariantCulture);
        }
        else
        {
            Console.SetOut(WholeLines(Console.OpenStandardOutput()));
            log.WriteTo.Console(new RenderedCompactJsonFormatter());
        }
    }

    /// <summary>Hands a line on in one piece, so that readers never see half of one. The console's own writer holds 256
    /// characters, which most lines exceed.</summary>
    internal static TextWriter WholeLines(Stream lines) =>
        new StreamWriter(lines, bufferSize: LineLengthMax) { AutoFlush = true };

    // The server says so for each frame of a connection of HTTP/2 that has ended, at the highest level; its metrics
    // count such connections.
    private static bool IsOfAFlood(LogEvent one) => one.Level == LogEventLevel.Fatal
        && one.MessageTemplate.Text.EndsWith(QueueExceeded, StringComparison.Ordinal);

    private sealed class Nowhere : ILogEventSink
    {
        private readonly RenderedCompactJsonFormatter _formatter = new();

        public void Emit(LogEvent logEvent) => _formatter.Format(logEvent, TextWriter.Null);
    }
}
