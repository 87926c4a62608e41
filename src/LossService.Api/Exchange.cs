using System.Diagnostics;
using System.Globalization;
using LossService.Api.Admission;
using LossService.Api.Connections;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Api;

/// <summary>A compute request's whole life: admission -> body -> codec -> check -> compute -> codec. The outermost
/// filter of a loss's endpoint, so that everything rented is given back in one place, however the request
/// ends.</summary>
internal sealed class Exchange(
    Loss loss, MediaTypes mediaTypes, AdmissionControl admission, AdmissionMetrics metrics, ComputeThreads threads,
    Limits limits, TensorPool pool, TimeProvider clock) : IEndpointFilter
{
    private readonly ReadLimits _reading = limits.ForReading();

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        FactsOf(http).Loss = loss.Card.Name;
        if (mediaTypes.For(http.Request, out Problem? problem) is not { } codec
            || mediaTypes.ForAnswer(http.Request, codec, out string mediaType, out problem) is not { } answering
            || !Deadline.TryRead(http.Request, limits.TimeoutMillisecondsMax, out TimeSpan? timeLeft, out problem))
        {
            return new ProblemAnswer(problem!);
        }

        long? bytes = http.Request.ContentLength is long length ? Math.Min(length, limits.BodyBytesMax) : null;
        long price = bytes is { } known ? Price.OfBody(loss, codec, known) : admission.PriceOfUnknown;
        long least = Price.LeastOfBody(codec, bytes ?? 0);
        if (admission.Refusal(price, timeLeft, http.Connection.RemoteIpAddress, least) is { } refusal)
        {
            return new ProblemAnswer(refusal);
        }

        var formats = new Formats(codec, answering, mediaType);
        using var deadline = Deadline.Start(http, timeLeft);
        using var body = new BodyReader(http.Request.BodyReader, limits, clock);
        try
        {
            return admission.IsInline(price)
                ? await AnswerAsync(context, next, formats, new(body, http.Response.BodyWriter))
                : await TakeTurnAsync(context, next, formats, price, body);
        }
        catch (OperationCanceledException) when (deadline is { HasPassed: true })
        {
            metrics.Refuse(Codes.Timeout);
            throw new DeadlinePassedException();
        }
        catch (BadHttpRequestException broken) when (!ProblemMiddleware.ClientIsGone(http, broken))
        {
            // It has come through half a dozen callers, which cost more than the answer: the rest is spared.
            return new ProblemAnswer(ProblemMiddleware.Of(broken, limits));
        }
        catch (PoolExhaustedException exhausted) when (!exhausted.IsForEver)
        {
            metrics.Refuse(Codes.Overloaded);
            throw;
        }
    }

    // From here on, whatever awaits goes on on the compute threads.
    private async ValueTask<object?> TakeTurnAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, Formats formats, long price,
        BodyReader body)
    {
        HttpContext http = context.HttpContext;
        using Turn turn = threads.Open(
            formats.Codec, price, http.Connection.RemoteIpAddress, isForetold: http.Request.ContentLength is not null);
        using HalfClose.LargeRequest large = http.Features.Get<HalfClose>()?.Begin() ?? default;
        http.Features.Set(turn);
        SynchronizationContext.SetSynchronizationContext(turn);
        metrics.Wait();
        await Task.Yield();
        long waited = turn.Age;
        metrics.Begin(waited);
        return admission.Refusal(price, waited) is { } refusal
            ? new ProblemAnswer(refusal)
            : await AnswerAsync(context, next, formats, ServerPipes.Of(http, body));
    }

    private async ValueTask<object?> AnswerAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, Formats formats, BodyPipes pipes)
    {
        HttpContext http = context.HttpContext;
        using var request = new LossRequest(loss.Card);
        http.Features.Set(request);
        long start = Stopwatch.GetTimestamp();
        QueryParameters.Read(http.Request, request);
        await formats.Codec.ReadAsync(pipes.Request, request, _reading, pool, http.RequestAborted);
        request.Resolve();
        long read = Stopwatch.GetTimestamp();

        // Next comes the filter that checks; only if it finds nothing wrong, the endpoint computes, unless the caller
        // would not wait for it.
        object? answer = await next(context);
        using var result = answer as LossResult;
        FactsOf(http).Describe(request);
        if (answer is ProblemAnswer)
        {
            return answer;
        }

        if (result is not null && JsonAnswerWriter.NonFiniteMistake(result) is { } mistake)
        {
            request.Mistakes.Add(mistake);
        }

        if (result is null || !request.Mistakes.IsEmpty)
        {
            return new ProblemAnswer(Problem.From(request.Mistakes));
        }

        http.Response.ContentType = formats.MediaType;
        http.Response.ContentLength = formats.Answering.LengthOf(result);
        http.Response.Headers["Server-Timing"] = Timing(start, read, Stopwatch.GetTimestamp());
        await formats.Answering.WriteAsync(pipes.Answer, result, http.RequestAborted);
        await http.Response.SendAsync(pipes.Answer, http.RequestAborted);
        return Results.Empty;
    }

    private static RequestFacts FactsOf(HttpContext http) => http.Features.GetRequiredFeature<RequestFacts>();

    // Milliseconds, put together from whole microseconds: doubles with a pattern take a microsecond to format.
    private static string Timing(long start, long read, long computed)
    {
        long reading = Microseconds(start, read);
        long computing = Microseconds(read, computed);
        return string.Create(
            CultureInfo.InvariantCulture, stackalloc char[64],
            $"read;dur={reading / 1000}.{reading % 1000:D3}, compute;dur={computing / 1000}.{computing % 1000:D3}");
    }

    private static long Microseconds(long from, long to) =>
        Stopwatch.GetElapsedTime(from, to).Ticks / TimeSpan.TicksPerMicrosecond;

    // What the body is written in, and what the answer is.
    private readonly record struct Formats(Codec Codec, Codec Answering, string MediaType);
}
