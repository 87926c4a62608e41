using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Wire;
using LossService.Wire.Json;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Api;

/// <summary>A compute request's whole life: body -> codec -> check -> compute -> codec. The outermost filter of a
/// loss's endpoint, so that everything rented is given back in one place, however the request ends.</summary>
internal sealed class Exchange(
    Loss loss, MediaTypes mediaTypes, ReadLimits limits, TensorPool pool) : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        RequestFacts facts = FactsOf(http);
        if (mediaTypes.For(http.Request, out Problem? problem) is not { } codec
            || mediaTypes.ForAnswer(http.Request, codec, out string mediaType, out problem) is not { } answering)
        {
            return new ProblemAnswer(problem!);
        }

        using var request = new LossRequest(loss.Card);
        http.Features.Set(request);
        long start = Stopwatch.GetTimestamp();
        QueryParameters.Read(http.Request, request);
        await codec.ReadAsync(http.Request.BodyReader, request, limits, pool, http.RequestAborted);
        request.Resolve();
        long read = Stopwatch.GetTimestamp();

        // Next comes the filter that checks; only if it finds nothing wrong, the endpoint computes.
        using var result = await next(context) as LossResult;
        facts.Describe(request);
        if (result is not null && JsonAnswerWriter.NonFiniteMistake(result) is { } mistake)
        {
            request.Mistakes.Add(mistake);
        }

        if (result is null || !request.Mistakes.IsEmpty)
        {
            return new ProblemAnswer(Problem.From(request.Mistakes));
        }

        http.Response.ContentType = mediaType;
        http.Response.ContentLength = answering.LengthOf(result);
        http.Response.Headers["Server-Timing"] = Timing(start, read, Stopwatch.GetTimestamp());
        await answering.WriteAsync(http.Response.BodyWriter, result, http.RequestAborted);
        await SendAsync(http.Response, http.RequestAborted);
        return Results.Empty;
    }

    // An answer of which nothing has left is as long as what waits; with its length in the head it needs no chunks,
    // whose end would be sent by itself.
    private static ValueTask<FlushResult> SendAsync(HttpResponse response, CancellationToken cancelled)
    {
        PipeWriter body = response.BodyWriter;
        if (!response.HasStarted && body.CanGetUnflushedBytes)
        {
            response.ContentLength = body.UnflushedBytes;
        }

        return body.FlushAsync(cancelled);
    }

    private RequestFacts FactsOf(HttpContext http)
    {
        RequestFacts facts = http.Features.GetRequiredFeature<RequestFacts>();
        facts.Loss = loss.Card.Name;
        return facts;
    }

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
}
