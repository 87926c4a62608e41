using System.Text.Json.Nodes;
using LossService.Api.Admission;
using LossService.Engine;
using LossService.Tests.Faults;
using LossService.Wire.Json;
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
        using HttpResponseMessage answer = await PostAsync(Service.In("Production"), left, body);
        await ProblemAssert.IsAsync(answer, 504, "timeout");
    }

    [Fact]
    public async Task Deadline_ThatIsNoNumber_IsAMistakeOfTheHeader()
    {
        using HttpResponseMessage answer = await PostAsync(Service.In("Production"), "soon", """{"predictions":[1]}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "parameter_out_of_range");
        Assert.Equal("X-Timeout-Ms", (string?)problem["errors"]![0]!["pointer"]);
        Assert.DoesNotContain("soon", problem.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("60000")]
    [InlineData("9223372036854775808")]
    [InlineData("100000000000000000000000000000000")]
    public async Task Deadline_ThatIsFarAway_ChangesNothing(string left)
    {
        using HttpResponseMessage answer = await PostAsync(Service.In("Production"), left, """{"predictions":[1]}""");
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

    private static long Seconds(int seconds) => seconds * 1_000_000_000L / Price.StepNanoseconds;

    private static async Task<HttpResponseMessage> PostAsync(Service service, string left, string body)
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
