using System.Buffers;
using LossService.Api;
using LossService.Api.Connections;
using LossService.Engine.Numerics;
using LossService.Tests.Faults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>What becomes of an answer that fails: before anything of it was written, and after.</summary>
public sealed class ProblemMiddlewareTests
{
    private readonly Outlet _outlet = new(null, null);
    private readonly Ends.Line _line = new(null);
    private readonly RequestFacts _facts = new();
    private readonly DefaultHttpContext _http = new();

    public ProblemMiddlewareTests()
    {
        _http.Features.Set<IHttpResponseFeature>(new Ends.Head(_outlet));
        _http.Features.Set<IHttpResponseBodyFeature>(_outlet);
        _http.Features.Set<IHttpRequestLifetimeFeature>(_line);
        _http.Features.Set(_facts);
        _http.RequestServices = new ServiceCollection().AddOptions().BuildServiceProvider();
        _http.Request.Protocol = HttpProtocol.Http2; // of HTTP/1.1, a problem's length is said once more
    }

    [Fact]
    public async Task Problem_InsteadOfAnAnswer_SaysNothingOfThat()
    {
        await AnswerAsync(response =>
        {
            response.ContentLength = 5;
            response.ContentType = "application/json";
            response.Headers["Server-Timing"] = "read;dur=1";
        });
        Assert.Equal((429, "application/problem+json"), (_http.Response.StatusCode, _http.Response.ContentType));
        Assert.Null(_http.Response.ContentLength);
        Assert.False(_http.Response.Headers.ContainsKey("Server-Timing"));
        Assert.False(_line.IsBroken);
    }

    [Fact]
    public async Task Answer_OfWhichAPartIsWritten_IsBrokenOffAndTheLogSaysWhy()
    {
        await AnswerAsync(response => response.BodyWriter.Write("part"u8));
        Assert.True(_line.IsBroken);
        Assert.Equal("part"u8, _outlet.Written);
        Assert.Equal("overloaded", _facts.Code);
    }

    // A body of which the rest will never come is bad, and nobody is there to be told.
    [Fact]
    public void Client_WhoSaidThatNothingMoreComes_IsGoneFromABadBody()
    {
        using var connection = new HalfClose(CancellationToken.None);
        var bad = new BadHttpRequestException("unexpected end");
        Assert.False(ProblemMiddleware.ClientIsGone(_http, bad));
        _http.Features.Set(connection);
        Assert.False(ProblemMiddleware.ClientIsGone(_http, bad));
        connection.Tell();
        Assert.True(ProblemMiddleware.ClientIsGone(_http, bad));
        Assert.False(ProblemMiddleware.ClientIsGone(_http, new InvalidOperationException()));
    }

    // Begins an answer and finds no memory for the rest.
    private Task AnswerAsync(Action<HttpResponse> begin) => new ProblemMiddleware(
        http =>
        {
            begin(http.Response);
            throw new PoolExhaustedException(1);
        },
        NullLogger<ProblemMiddleware>.Instance).InvokeAsync(_http);
}
