using System.Globalization;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>The same ambiguous requests through nginx: the service sends as many answers as nginx passed requests on, and who
/// comes next gets his own.</summary>
public sealed class FrontTests(SocketService service) : IClassFixture<SocketService>
{
    // HTTP/0.9, which nginx speaks: its answer has no head, and on an error nothing else either.
    private const string Ancient = "the line 'GET /v1/info'";

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_ThatCanBeCutInTwoWaysThroughNginx_IsAnsweredAsOftenAsItWasPassedOn(bool buffers)
    {
        await SkipWithoutNginxAsync();
        using var tap = new Tap(service.Port);
        using Nginx front = await Nginx.StartAsync(tap.Port, buffers);
        int received = 0;
        foreach ((string name, string request) in Ambiguous.All)
        {
            RawAnswers answers = await RawClient.AskAsync(front.Port, request);
            received += name == Ancient ? 1 : answers.All.Count;
            Assert.True(await AgreeAsync(tap, front, received), $"{name}: {answers}; {received} received, {tap.Answers} sent, {front.Counts}");
            Assert.True(answers.All.All(answer => answer.Status is not (500 or 502)), $"{name}: {answers}");
            await AssertNextGetsHisOwnAsync(front, name, received++);
        }

        // nginx refuses most itself; where it refused all, nothing was learned of the service.
        Assert.True(front.Counts.PassedOn > Ambiguous.All.Count, $"{front.Counts}");
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Server_ThatAnswersTwiceBehindNginx_IsFound(bool buffers)
    {
        await SkipWithoutNginxAsync();
        using var server = new PlantedServer();
        using var tap = new Tap(server.Port);
        using Nginx front = await Nginx.StartAsync(tap.Port, buffers);
        RawAnswers answers = await RawClient.AskAsync(front.Port, Twice);
        Assert.False(await AgreeAsync(tap, front, answers.All.Count));
    }

    [Fact]
    public async Task Server_ThatAnswersTwice_IsFoundDirectlyToo()
    {
        using var server = new PlantedServer();
        using var client = new RawClient(server.Port);
        await client.SendAsync(Twice);
        client.EndSending();
        Assert.Equal(2, (await client.ReadAsync()).All.Count);
    }

    private static string Twice { get; } = string.Create(
        CultureInfo.InvariantCulture, $"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {Ambiguous.Hidden.Length}\r\n\r\n{Ambiguous.Hidden}");

    private static async Task SkipWithoutNginxAsync() =>
        Skip.IfNot(await Deploy.Engine.AnswersAsync("nginx", "-v"), "nginx is missing (Debian's package nginx-light).");

    // True once all have counted the same; a second answer would come at once, and then they never do.
    private static async Task<bool> AgreeAsync(Tap tap, Nginx front, int received)
    {
        for (int attempt = 0; attempt < 300; attempt++)
        {
            await Task.Delay(10);
            if (front.Counts.Answered == received && tap.Answers == front.Counts.PassedOn)
            {
                return true;
            }
        }

        return false;
    }

    private static async Task AssertNextGetsHisOwnAsync(Nginx front, string name, int number)
    {
        string body = string.Create(CultureInfo.InvariantCulture, $$"""{"predictions":[{{number}}],"targets":[0]}""");
        RawAnswers next = await RawClient.AskAsync(front.Port, string.Create(
            CultureInfo.InvariantCulture,
            $"POST /v1/losses/mse_loss HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        Assert.True(next.All.Count == 1 && next.All[0].Status == 200, $"after {name}: {next}");
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"\"loss\":{(double)number * number:R}"),
            next.All[0].Body.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
