using System.Diagnostics;
using System.Globalization;
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
        return Results.Empty;
    }

    private RequestFacts FactsOf(HttpContext http)
    {
        RequestFacts facts = http.Features.GetRequiredFeature<RequestFacts>();
        facts.Loss = loss.Card.Name;
        return facts;
    }

    private static string Timing(long start, long read, long computed) => string.Create(
        CultureInfo.InvariantCulture,
        $"read;dur={Milliseconds(start, read):0.###}, compute;dur={Milliseconds(read, computed):0.###}");

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
