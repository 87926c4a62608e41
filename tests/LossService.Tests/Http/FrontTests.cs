using System.Globalization;
using Xunit;

namespace LossService.Tests.Http;

/// <summary>The same ambiguous requests through proxies: the service sends as many answers as were passed on to it, and who
/// comes next gets his own.</summary>
public sealed class FrontTests(SocketService service) : IClassFixture<SocketService>
{
    /// <summary>Each proxy as it takes bodies in whole, and as it passes them on while they come.</summary>
    public static TheoryData<string, bool> Fronts => new()
    {
        { "nginx", true }, { "nginx", false }, { "haproxy", true }, { "haproxy", false },
    };

    [SkippableTheory]
    [MemberData(nameof(Fronts))]
    public async Task Request_ThatCanBeCutInTwoWaysThroughAFront_IsAnsweredAsOftenAsItWasPassedOn(string kind, bool buffers)
    {
        await SkipWithoutAsync(kind);
        using var tap = new Tap(service.Port);
        using Front front = await Front.StartAsync(kind, tap.Port, buffers);
        int received = 0;
        foreach ((string name, string request) in Ambiguous.All.Concat(Ambiguous.Lawful))
        {
            RawAnswers answers = await RawClient.AskAsync(front.Port, request);
            received += kind == "nginx" && IsAncient(request) ? 1 : answers.All.Count(answer => answer.Status >= 200);
            Assert.True(await AgreeAsync(tap, front, received), $"{name}: {answers}; {received} received, {tap.Answers} sent, {front.Counts}");
            Assert.True(answers.All.All(answer => answer.Status is not (500 or 502)), $"{name}: {answers}");
            await AssertNextGetsHisOwnAsync(front, name, received++);
        }

        // A front refuses most itself; where it refused all, nothing was learned of the service.
        Assert.True(front.Counts.PassedOn > Ambiguous.All.Count + (2 * Ambiguous.Lawful.Count), $"{front.Counts}");
    }

    [SkippableTheory]
    [MemberData(nameof(Fronts))]
    public async Task Server_ThatAnswersTwiceBehindAFront_IsFound(string kind, bool buffers)
    {
        await SkipWithoutAsync(kind);
        using var server = new PlantedServer();
        using var tap = new Tap(server.Port);
        using Front front = await Front.StartAsync(kind, tap.Port, buffers);
        RawAnswers answers = await RawClient.AskAsync(front.Port, Ambiguous.Hidden);
        Assert.True(await AgreeAsync(tap, front, answers.All.Count), $"{answers}");
        answers = await RawClient.AskAsync(front.Port, Twice);
        Assert.False(await AgreeAsync(tap, front, 1 + answers.All.Count));
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

    // HTTP/0.9, which nginx speaks: its answer has no head, and on an error nothing else either.
    private static bool IsAncient(string request) => !request.TrimStart().Split("\r\n")[0].Contains(" HTTP/", StringComparison.Ordinal);

    private static async Task SkipWithoutAsync(string kind) =>
        Skip.IfNot(await Deploy.Engine.AnswersAsync(kind, "-v"), $"{kind} is missing (Debian's package nginx-light or haproxy).");

    // True once all have counted the same; a second answer would come at once, and then they never do.
    private static async Task<bool> AgreeAsync(Tap tap, Front front, int received)
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            if (front.Counts.Answered == received && tap.Answers == front.Counts.PassedOn)
            {
                return true;
            }

            await Task.Delay(1);
        }

        return false;
    }

    private static async Task AssertNextGetsHisOwnAsync(Front front, string name, int number)
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
