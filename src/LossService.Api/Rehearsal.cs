using System.Text;
using LossService.Engine;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Api;

/// <summary>Posts a card's examples through the real pipeline without a network: for warm-up, and for the answers that
/// the catalogue and the documents show.</summary>
internal sealed class Rehearsal(
    EndpointDataSource endpoints, IServiceScopeFactory scopes, ILogger<ProblemMiddleware> log)
{
    private int _refusals;

    /// <summary>How many bodies were refused for want of time or memory: whoever shows answers lacks one.</summary>
    public int Refusals => Volatile.Read(ref _refusals);

    /// <summary>Answers a body as <c>POST /v1/losses/{name}</c> does.</summary>
    /// <returns>The status and the answer's bytes.</returns>
    public Task<(int Status, byte[] Body)> PostAsync(Loss loss, string body, string query = "") =>
        PostAsync(loss, Encoding.UTF8.GetBytes(body), query, "application/json", "*/*");

    /// <summary>The same with a body of any format, packed or not, and an answer of a format that is named.</summary>
    public Task<(int Status, byte[] Body)> PostAsync(
        Loss loss, byte[] body, string query, string contentType, string accept, string? coding = null)
    {
        // It is no part of the request that may have asked for it, neither in the log nor in a trace.
        using AsyncFlowControl suppressed = ExecutionContext.SuppressFlow();
        return Task.Run(() => RunAsync(loss, body, query, contentType, accept, coding));
    }

    private async Task<(int Status, byte[] Body)> RunAsync(
        Loss loss, byte[] body, string query, string contentType, string accept, string? coding)
    {
        using IServiceScope scope = scopes.CreateScope();
        using var answer = new MemoryStream();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Request.Method = HttpMethods.Post;
        http.Request.Path = $"/v1/losses/{loss.Card.Name}";
        http.Request.QueryString = new(query);
        http.Request.ContentType = contentType;
        http.Request.ContentLength = body.Length;
        http.Request.Headers.Accept = accept;
        http.Request.Headers.ContentEncoding = coding;
        http.Request.Body = new MemoryStream(body);
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        RequestDelegate endpoint = EndpointOf(loss).RequestDelegate!;
        var answering = new ProblemMiddleware(
            coding is null ? endpoint : Unpacking.Before(endpoint, scope.ServiceProvider), log);
        await new RequestLine(answering.InvokeAsync, RequestLog.Unheard).InvokeAsync(http);
        await http.Response.BodyWriter.FlushAsync();
        if (http.Response.StatusCode is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            Interlocked.Increment(ref _refusals);
        }

        return (http.Response.StatusCode, answer.ToArray());
    }

    private Endpoint EndpointOf(Loss loss)
    {
        foreach (Endpoint endpoint in endpoints.Endpoints)
        {
            if (ReferenceEquals(endpoint.Metadata.GetMetadata<Loss>(), loss))
            {
                return endpoint;
            }
        }

        throw new InvalidOperationException($"{loss.Card.Name} has no endpoint.");
    }
}
