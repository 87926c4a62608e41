using System.Diagnostics;
using System.Globalization;
using LossService.Wire;

namespace LossService.Api;

/// <summary>A problem on its way out, from wherever it was found.</summary>
internal sealed class ProblemAnswer(Problem problem) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, problem);

    /// <summary>Answers with a problem; the response must not have started.</summary>
    public static async Task WriteAsync(HttpContext http, Problem problem)
    {
        HttpResponse response = http.Response;
        http.Features.Get<RequestFacts>()?.Code = problem.Code;
        response.StatusCode = problem.Status;
        response.ContentType = Problem.MediaType;
        response.Headers.CacheControl = "no-store";
        if (problem.RetryAfterSeconds is int seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        (problem with { TraceId = TraceOf(http) }).Write(response.BodyWriter);
        await response.SendAsync(http.RequestAborted);
    }

    /// <summary>What finds this request in the log.</summary>
    private static string TraceOf(HttpContext http) =>
        Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
}
