namespace LossService.Api;

/// <summary>What the service logs beside the lines of requests.</summary>
/// <remarks>All in one class: the generator writes several in the order of a hash, which differs from one checkout to
/// the next, and so would the library's bytes.</remarks>
internal static partial class LogMessages
{
    [LoggerMessage(LogLevel.Information, "Swagger: {Url:l}")]
    public static partial void LogSwagger(this ILogger log, string url);

    [LoggerMessage(LogLevel.Information, "Warm: {Losses} losses in {Milliseconds:0} ms")]
    public static partial void LogWarm(this ILogger log, int losses, double milliseconds);

    [LoggerMessage(LogLevel.Error, "The first example of {Loss:l} with {Query:l} as {Format:l} answers {Status}")]
    public static partial void LogBadExample(this ILogger log, string loss, string query, string format, int status);

    [LoggerMessage(LogLevel.Critical, "Out of memory: this process stops, so that a whole one can take its place")]
    public static partial void LogOutOfMemory(this ILogger log);

    [LoggerMessage(LogLevel.Error, "A fault of the service")]
    public static partial void LogFault(this ILogger log, Exception exception);
}
