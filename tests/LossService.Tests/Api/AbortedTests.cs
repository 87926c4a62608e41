using LossService.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Requests that are taken back before their turn.</summary>
public sealed class AbortedTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_TakenBackBeforeItsTurn_IsNotBegun(bool isTakenBack)
    {
        bool isBegun = false;
        var middleware = new ProblemMiddleware(
            _ =>
            {
                isBegun = true;
                return Task.CompletedTask;
            },
            NullLogger<ProblemMiddleware>.Instance);
        var facts = new RequestFacts();
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(isTakenBack) };
        http.Features.Set(facts);
        await middleware.InvokeAsync(http);
        Assert.Equal(!isTakenBack, isBegun);
        Assert.Equal(isTakenBack, facts.IsAborted);
        Assert.Equal(isTakenBack ? ProblemMiddleware.Aborted : 200, http.Response.StatusCode);
    }
}
