using LossService.Api;
using Microsoft.AspNetCore.Http;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>How a request's line says what became of it.</summary>
public sealed class RequestLineTests : ILogEventSink
{
    private readonly List<LogEvent> _lines = [];

    [Theory]
    [InlineData("/v1/info", 200, null, false, false, LogEventLevel.Information, "ok")]
    [InlineData("/v1/info", 304, null, false, false, LogEventLevel.Information, "ok")]
    [InlineData("/v1/info", 404, null, false, false, LogEventLevel.Information, "refused")]
    [InlineData("/v1/info", 422, "shape_mismatch", false, false, LogEventLevel.Information, "refused")]
    [InlineData("/v1/info", 503, "draining", false, false, LogEventLevel.Information, "refused")]
    [InlineData("/v1/info", 500, "internal_error", false, false, LogEventLevel.Error, "refused")]
    [InlineData("/v1/info", 200, "internal_error", false, false, LogEventLevel.Information, "refused")] // it broke in the middle
    [InlineData("/v1/info", 499, null, true, false, LogEventLevel.Debug, "aborted")]
    [InlineData("/v1/info", 500, "internal_error", true, false, LogEventLevel.Debug, "aborted")]
    [InlineData("/v1/info", 200, null, false, true, LogEventLevel.Debug, "aborted")]
    [InlineData("/v1/info", 504, "timeout", false, true, LogEventLevel.Information, "refused")] // by its own deadline
    [InlineData("/health/ready", 200, null, false, false, LogEventLevel.Debug, "ok")]
    [InlineData("/healthy", 200, null, false, false, LogEventLevel.Information, "ok")]
    public async Task Line_OfAnyEnd_HasItsLevelAndOutcome(
        string path, int status, string? code, bool isAborted, bool isCancelled, LogEventLevel level, string outcome)
    {
        LogEvent line = await LineOfAsync(path, "GET", http =>
        {
            http.Response.StatusCode = status;
            http.RequestAborted = new CancellationToken(isCancelled);
            RequestFacts facts = http.Features.Get<RequestFacts>()!;
            (facts.Code, facts.IsAborted) = (code, isAborted);
        });
        Assert.Equal(level, line.Level);
        Assert.Equal($"\"{outcome}\"", line.Properties["Outcome"].ToString());
        string[] names = ["Method", "Milliseconds", "Outcome", "Route", "Status"];
        Assert.Equal(code is null ? names : ["Code", .. names], line.Properties.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Line_OfAnOddMethod_IsHarmless()
    {
        LogEvent line = await LineOfAsync("/v1/info", "G\u001b[T \u00e9", _ => { });
        Assert.Equal("\"G?[T??\"", line.Properties["Method"].ToString());
    }

    [Fact]
    public async Task Line_OfARequestThatThrows_IsWrittenAllTheSame()
    {
        await Assert.ThrowsAsync<NotSupportedException>(
            () => LineOfAsync("/v1/info", "GET", _ => throw new NotSupportedException()));
        Assert.Single(_lines);
    }

    void ILogEventSink.Emit(LogEvent logEvent) => _lines.Add(logEvent);

    private async Task<LogEvent> LineOfAsync(string path, string method, Action<HttpContext> end)
    {
        using Logger log = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(this).CreateLogger();
        var http = new DefaultHttpContext { Request = { Path = path, Method = method } };
        await new RequestLine(
            context =>
            {
                end(context);
                return Task.CompletedTask;
            },
            log).InvokeAsync(http);
        return Assert.Single(_lines);
    }
}
