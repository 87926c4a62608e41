using System.Text.Json.Nodes;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Tests.Faults;
using LossService.Wire.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>A computation ends with its caller's patience, or does not begin.</summary>
public sealed class DeadlineTests
{
    [Theory]
    [InlineData("0", """{"predictions":[1]}""")]
    [InlineData("-5", """{"predictions":[1]}""")]
    [InlineData("150", """{"predictions":[1,2,3]}""")] // the loss would take 20 s
    public async Task Deadline_ThatPasses_Is504(string left, string body)
    {
        using HttpResponseMessage answer = await PostAsync(Service.In("Production"), [left], body);
        await ProblemAssert.IsAsync(answer, 504, "timeout");
    }

    public static TheoryData<string[]> Mistaken =>
    [
        ["soon"], ["1,000"], ["1.5"], ["1e3"], ["0x10"], [new string('9', 101)], ["60000, 60000"], ["60000", "60000"],
    ];

    [Theory]
    [MemberData(nameof(Mistaken))]
    public async Task Deadline_ThatIsNotOneNumber_IsAMistakeOfTheHeader(string[] left)
    {
        using HttpResponseMessage answer = await PostAsync(Service.In("Production"), left, """{"predictions":[1]}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "parameter_out_of_range");
        JsonNode error = Assert.Single(problem["errors"]!.AsArray())!;
        Assert.Equal("X-Timeout-Ms", (string?)error["pointer"]);
        Assert.All(left, text => Assert.False(
            error.ToJsonString().Contains(text, StringComparison.Ordinal), "what was sent is told"));
    }

    [Theory]
    [InlineData("60000")]
    [InlineData("9223372036854775808")]
    [InlineData("100000000000000000000000000000000")]
    public async Task Deadline_ThatIsFarAway_ChangesNothing(string left)
    {
        using HttpResponseMessage answer = await PostAsync(Service.In("Production"), [left], """{"predictions":[1]}""");
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Deadline_ThatCannotBeMet_Is504BeforeAnythingIsRead()
    {
        using var instance = new Instance(Catalogue.All);
        int reads = 0;
        Call large = Bodies.Safetensors(2000, 500) with { BeforeRead = () => reads++, TimeLeft = 2 }; // 2 million steps, 20 ms
        Reply late = await instance.SendAsync(large);
        Assert.Equal((504, 0), (late.Status, reads));
        Assert.Equal(200, (await instance.SendAsync(large with { TimeLeft = 60_000 })).Status);
    }

    // A batch of 4000 mined by angles forms sixteen thousand million triplets: what its length says is nothing beside that.
    [Fact]
    public async Task Deadline_ThatTheShapesSayCannotBeMet_Is504BeforeAnythingIsComputed()
    {
        const int Samples = 4000;
        using var instance = new Instance(Catalogue.All);
        Call mined = Call.Of("batch_all_triplet_loss", $$"""
            {"embeddings":[{{string.Join(',', Enumerable.Range(0, Samples).Select(i => $"[{i % 7}]"))}}],
             "labels":[{{string.Join(',', Enumerable.Range(0, Samples).Select(i => i % 2))}}],"miner":"angular"}
            """) with { TimeLeft = 15_000 };
        Reply late = await instance.SendAsync(mined);
        Assert.Equal(504, late.Status);
        Assert.Contains("the request takes some", late.Text, StringComparison.Ordinal);
    }

    // Of so many bytes one list of 1000 might be made, which takes minutes, or so many short ones.
    [Fact]
    public async Task Deadline_ThatOnlyAGuessAtTheShapesSaysCannotBeMet_IsMet()
    {
        const int Lists = 50_000;
        const int Length = 4;
        using var instance = new Instance(Catalogue.All);
        string scores = string.Join(',', Enumerable.Repeat("[0.1250,0.2500,0.3750,0.5000]", Lists));
        string relevance = string.Join(',', Enumerable.Repeat("[1.0000,0.0000,2.0000,0.0000]", Lists));
        Call call = Call.Of("neural_ndcg_loss", $$"""{"scores":[{{scores}}],"relevance":[{{relevance}}],"sinkhorn_iterations":2}""") with
        {
            Elements = Lists * Length,
            TimeLeft = 10_000,
        };
        Assert.True(Price.OfBody(Catalogue.Find(call.Loss)!, new JsonCodec(), call.Body.Length) > Seconds(50), "it is taken for short");
        Assert.Equal(200, (await instance.SendAsync(call)).Status);
    }

    [Fact]
    public void Deadline_ThatAPriceAlmostRulesOut_IsTaken()
    {
        using var instance = new Instance(Catalogue.All, ("ThreadsMax", "4"));
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        // A price may be four times too high, and one that is a guess says no more than its least.
        Assert.Null(admission.Refusal(Seconds(1), Milliseconds(250), null));
        Assert.Equal(504, admission.Refusal(Seconds(1), Milliseconds(249), null)!.Status);
        Assert.Null(admission.Refusal(Seconds(100), Milliseconds(250), null, least: Seconds(1)));
        Assert.Equal(504, admission.Refusal(Seconds(100), Milliseconds(249), null, least: Seconds(1))!.Status);
        // Once it is that of the shapes, threads share the work.
        Assert.Null(admission.Refusal(Seconds(4), Milliseconds(250)));
        Assert.Equal(504, admission.Refusal(Seconds(4), Milliseconds(249))!.Status);
    }

    [Fact]
    public void Deadline_BeforeItsTurnWouldCome_Is504()
    {
        using var instance = new Instance(Catalogue.All, ("ComputeThreadsMax", "1"));
        AdmissionControl admission = instance.Services.GetRequiredService<AdmissionControl>();
        bool isOver = false;
        Turn turn = instance.Services.GetRequiredService<ComputeThreads>().Open(new JsonCodec(), Seconds(1), null);
        turn.Post(_ => SpinWait.SpinUntil(() => Volatile.Read(ref isOver)), null);
        Assert.Null(admission.Refusal(Seconds(1), Milliseconds(1000), null));
        Assert.Equal(504, admission.Refusal(Seconds(1), Milliseconds(999), null)!.Status);
        Volatile.Write(ref isOver, true);
    }

    [Fact]
    public void Deadline_OfACallerWhoLeaves_HasNotPassedAndLeavesNothingBehind()
    {
        using var gone = new CancellationTokenSource();
        var http = new DefaultHttpContext { RequestAborted = gone.Token };
        using (Deadline deadline = Deadline.Start(http, TimeSpan.FromHours(1))!)
        {
            Assert.NotEqual(gone.Token, http.RequestAborted);
            gone.Cancel();
            Assert.True(http.RequestAborted.IsCancellationRequested);
            Assert.False(deadline.HasPassed);
        }

        Assert.Equal(gone.Token, http.RequestAborted);
    }

    private static TimeSpan Milliseconds(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static long Seconds(int seconds) => seconds * 1_000_000_000L / Price.StepNanoseconds;

    private static async Task<HttpResponseMessage> PostAsync(Service service, string[] left, string body)
    {
        using HttpClient client = service.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/losses/fake_slow")
        {
            Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add(Deadline.Header, left);
        return await client.SendAsync(request);
    }
}
