using System.Globalization;
using LossService.Api.Admission;
using LossService.Api.Connections;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>Sees that whatever goes wrong behind it leaves as a problem, the same in every environment: exceptions, and
/// statuses that the framework sets without a body.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    /// <summary>What the log calls the status of a request whose sender went away; it never leaves the
    /// process.</summary>
    public const int Aborted = 499;

    private const string ServerAssembly = "Microsoft.AspNetCore.Server.Kestrel.Core";

    /// <summary>What its caller is told of it.</summary>
    /// <param name="exception">What went wrong.</param>
    /// <param name="limits">Those that the server was told to keep.</param>
    public static Problem Of(Exception exception, Limits limits) => exception switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            Problem.From(limits.ForReading().BeyondBody()),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } =>
            Problem.Of(Codes.Timeout, "the body arrived too slowly", StatusCodes.Status408RequestTimeout),
        // So the server calls a chunk of more than 2^31 bytes, and a trailer that is no text.
        BadHttpRequestException or IOException { InnerException: OverflowException }
            or InvalidOperationException { Source: ServerAssembly } =>
            Problem.Of(Codes.MalformedJson, "the body did not arrive whole"),
        InvalidDataException =>
            Problem.Of(Codes.MalformedJson, "the body is not what its Content-Encoding says, or not all of it"),
        DeadlinePassedException => AdmissionControl.OutOfTime("the time that X-Timeout-Ms left is up"),
        PoolExhaustedException { IsForEver: true } => Problem.TooLarge(
            "lease", $"the computation needs more than {TensorPool.LeaseBytesMax} bytes of memory in one piece"),
        PoolExhaustedException => Problem.Later("other requests hold all the memory set aside for tensors"),
        _ => Problem.Of(ProblemKinds.InternalError, "the service failed; its log says more under this trace_id"),
    };

    /// <summary>True when there is nobody to tell. The server says so by the token, but often only after a read or a
    /// flush has found out; what it says of a body that will never be whole is that it is bad.</summary>
    public static bool ClientIsGone(HttpContext http, Exception exception) =>
        http.RequestAborted.IsCancellationRequested
        || exception is OperationCanceledException or ConnectionResetException or ConnectionAbortedException
        || (exception is BadHttpRequestException && http.Features.Get<HalfClose>() is { IsTold: true });

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.RequestAborted.IsCancellationRequested)
        {
            // Taken back before its turn: a flood of such requests would have each throw somewhere behind this.
            LetGo(http);
            return;
        }

        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.ContentType is null && Of(http) is { } problem)
            {
                await ProblemAnswer.WriteAsync(http, problem);
            }
        }
        catch (Exception exception) when (ClientIsGone(http, exception))
        {
            LetGo(http);
        }
#pragma warning disable CA1031 // This is the last place where an exception can still become an answer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await AnswerAsync(http, exception);
        }
    }

    private async Task AnswerAsync(HttpContext http, Exception exception)
    {
        Problem problem = Of(exception, http.RequestServices.GetRequiredService<IOptions<Limits>>().Value);
        if (problem.Status == StatusCodes.Status500InternalServerError)
        {
            log.LogFault(exception);
        }

        if (exception is OutOfMemoryException)
        {
            // Whoever could not have a buffer of the pool was refused; what failed here was not counted on to fail.
            log.LogOutOfMemory();
            http.RequestServices.GetRequiredService<Readiness>().Break();
        }

        if (http.Response.HasStarted || IsPartlyWritten(http.Response))
        {
            // Half an answer must not look like a whole one, and a problem must not stand behind it.
            http.Features.Get<RequestFacts>()?.Code = problem.Code;
            SetStatus(http.Response, problem.Status);
            http.Abort();
            return;
        }

        http.Response.Clear();
        try
        {
            await ProblemAnswer.WriteAsync(http, problem);
        }
        catch (Exception late) when (ClientIsGone(http, late))
        {
            LetGo(http);
        }
    }

    private static void LetGo(HttpContext http)
    {
        http.Features.Get<RequestFacts>()?.IsAborted = true;
        SetStatus(http.Response, Aborted);
        http.Abort();
    }

    // For the log: the status of an answer that has begun stays, and to set even the same one throws.
    private static void SetStatus(HttpResponse response, int status)
    {
        if (!response.HasStarted)
        {
            response.StatusCode = status;
        }
    }

    // What a server's pipe was handed cannot be taken back: clearing a response leaves it there.
    private static bool IsPartlyWritten(HttpResponse response) =>
        response.BodyWriter is { CanGetUnflushedBytes: true, UnflushedBytes: > 0 };

    private static Problem? Of(HttpContext http) => http.Response.StatusCode switch
    {
        < 400 => null,
        StatusCodes.Status404NotFound => Problem.Of(Codes.NotFound, "the service has nothing at this path"),
        StatusCodes.Status405MethodNotAllowed => Problem.Of(
            Codes.MethodNotAllowed, $"this path takes {http.Response.Headers.Allow}"),
        int status => Problem.Of(
            status < 500 ? Codes.NotFound : ProblemKinds.InternalError,
            $"status {status.ToString(CultureInfo.InvariantCulture)}",
            status),
    };
}
