using LossService.Api;
using Microsoft.Extensions.Logging;
using Serilog.Core;
using Serilog.Events;

namespace LossService.Tests.Faults;

/// <summary>Counts errors, which the service tells by two ways.</summary>
internal sealed class ErrorCount : ILogEventSink, ILogger<ProblemMiddleware>
{
    private int _errors;

    /// <summary>How many there were.</summary>
    public int Errors => _errors;

    /// <summary>What the last of them was, for a failed test to show.</summary>
    public Exception? Last { get; private set; }

    public void Emit(LogEvent logEvent) => Count(logEvent.Level >= LogEventLevel.Error);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        Last = exception ?? Last;
        Count(logLevel >= LogLevel.Error);
    }

    private void Count(bool isError)
    {
        if (isError)
        {
            Interlocked.Increment(ref _errors);
        }
    }
}
