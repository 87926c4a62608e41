using System.Text;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Wire;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Whatever goes wrong leaves as the one error shape, the same in every environment.</summary>
public sealed class ProblemTests
{
    private const string Good = """{"predictions":[1,2]}""";

    public static TheoryData<string> Environments => Service.Environments;

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task UnknownRoute_AnyMethodOrAccept_NotFound(string environment)
    {
        using HttpClient client = Service.In(environment).CreateClient();
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        foreach (string path in (string[])["/nope", "/v1", "/v1/nope", "/v1/batch", "/v1/stream", "/v2/health/ready", "/metrics", "/v1/losses/mse_loss/check"])
        {
            using HttpResponseMessage get = await client.GetAsync(new Uri(path, UriKind.Relative));
            await ProblemAssert.IsAsync(get, 404, "not_found");
            using HttpResponseMessage post = await client.PostAsync(new Uri(path, UriKind.Relative), null);
            await ProblemAssert.IsAsync(post, 404, "not_found");
        }
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task WrongMethod_KnownPath_SaysWhichAreAllowed(string environment)
    {
        using HttpClient client = Service.In(environment).CreateClient();
        using HttpResponseMessage answer = await client.DeleteAsync(new Uri("/v1/losses/mse_loss", UriKind.Relative));
        await ProblemAssert.IsAsync(answer, 405, "method_not_allowed");
        Assert.Equal(["GET", "HEAD", "POST"], answer.Content.Headers.Allow.Order());
        using HttpResponseMessage info = await client.PostAsync(new Uri("/v1/info", UriKind.Relative), null);
        await ProblemAssert.IsAsync(info, 405, "method_not_allowed");
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task UnknownLoss_NearMiss_SuggestsCanonicalName(string environment)
    {
        using HttpResponseMessage post = await Service.In(environment).PostAsync("/v1/losses/mse_los", "{}");
        JsonNode problem = await ProblemAssert.IsAsync(post, 404, "unknown_loss");
        Assert.Equal("mse_loss", (string?)problem["suggestions"]![0]);
        using HttpResponseMessage get = await Service.In(environment).GetAsync("/v1/losses/fake_alia");
        problem = await ProblemAssert.IsAsync(get, 404, "unknown_loss");
        Assert.Equal("fake_strict", (string?)problem["suggestions"]![0]);
        using HttpResponseMessage far = await Service.In(environment).GetAsync("/v1/losses/qqqqqqqqqqqq");
        problem = await ProblemAssert.IsAsync(far, 404, "unknown_loss");
        Assert.Equal("[]", problem["suggestions"]!.ToJsonString());
    }

    // As PyTorch writes them: modules, functions, with or without where they stand.
    [Theory]
    [InlineData("torch.nn.MSELoss", "mse_loss")]
    [InlineData("nn.MSELoss", "mse_loss")]
    [InlineData("F.mse_loss", "mse_loss")]
    [InlineData("MSELoss", "mse_loss")]
    [InlineData("nn.L1Loss", "l1_loss")]
    [InlineData("nn.BCEWithLogitsLoss", "binary_cross_entropy_with_logits")]
    [InlineData("nn.CrossEntropyLoss", "cross_entropy")]
    [InlineData("KLDivLoss", "kl_divergence")]
    [InlineData("kldivloss", "kl_divergence")]
    [InlineData("kl_div_loss", "kl_divergence")]
    [InlineData("nn.", "")]
    public async Task UnknownLoss_NamedAsElsewhere_SuggestsWhatIsMeant(string name, string meant)
    {
        using HttpResponseMessage get = await Service.In("Production").GetAsync($"/v1/losses/{name}");
        JsonNode problem = await ProblemAssert.IsAsync(get, 404, "unknown_loss");
        Assert.Equal(meant, (string?)problem["suggestions"]!.AsArray().FirstOrDefault() ?? "");
    }

    [Fact]
    public async Task ContentType_OfAnUsualKind_IsNamedAndNoOtherIs()
    {
        (string? Type, string Found)[] all =
        [
            (null, "found none"), ("text/plain; charset=utf-8", "found text/plain"), ("Application/XML", "found application/xml"),
            ("application/json; charset=latin1", "found application/json in another charset"),
            ("application/x-www-form-urlencoded", "found application/x-www-form-urlencoded; curl sends JSON with --json, or with -H 'Content-Type: application/json'"),
            ("application/secret", "found another"), ("no type at all", "found another"),
        ];
        foreach ((string? type, string found) in all)
        {
            using HttpResponseMessage answer = await Service.In("Production").PostAsync("/v1/losses/fake_slow", Good, type);
            JsonNode problem = await ProblemAssert.IsAsync(answer, 415, "unsupported_media_type");
            Assert.EndsWith("; " + found, (string?)problem["detail"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task ContentType_NotUtf8Json_Unsupported(string environment)
    {
        string?[] refused =
            [null, "", "text/plain", "application/xml", "application/json; charset=latin1", "application/jsonp", "nonsense"];
        foreach (string? type in refused)
        {
            using HttpResponseMessage answer = await Service.In(environment).PostAsync("/v1/losses/fake_slow", Good, type);
            await ProblemAssert.IsAsync(answer, 415, "unsupported_media_type");
        }

        string[] taken = ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\""];
        foreach (string type in taken)
        {
            using HttpResponseMessage answer = await Service.In(environment).PostAsync("/v1/losses/fake_slow", Good, type);
            Assert.Equal(200, (int)answer.StatusCode);
        }
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task ContentEncoding_Brotli_Unsupported(string environment)
    {
        using HttpClient client = Service.In(environment).CreateClient();
        using var content = new StringContent(Good, Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("br");
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/v1/losses/fake_slow", UriKind.Relative), content);
        await ProblemAssert.IsAsync(answer, 415, "unsupported_media_type");
    }

    [Theory]
    [InlineData("text/html", 406)]
    [InlineData("application/json;q=0", 406)]
    [InlineData("text/*", 406)]
    [InlineData("*/*;q=0, application/json", 200)]
    [InlineData("application/json;q=0, application/json", 200)]
    [InlineData("application/json, application/json;q=0", 200)]
    [InlineData("*/*;q=0.5", 200)] // no format is more welcome than that of the request
    [InlineData("text/html, application/xhtml+xml, */*;q=0.8", 200)]
    [InlineData("application/*", 200)]
    [InlineData("application/json", 200)]
    public async Task Accept_ComparedWithJson_DecidesBySpecificity(string accept, int status)
    {
        using HttpClient client = Service.In("Production").CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);
        using var content = new StringContent(Good, Encoding.UTF8, "application/json");
        using HttpResponseMessage post = await client.PostAsync(new Uri("/v1/losses/fake_slow", UriKind.Relative), content);
        using HttpResponseMessage get = await client.GetAsync(new Uri("/v1/losses", UriKind.Relative));
        Assert.Equal(status, (int)get.StatusCode);
        Assert.Equal(status, (int)post.StatusCode);
        if (status == 200)
        {
            Assert.Equal("application/json", post.Content.Headers.ContentType?.MediaType);
        }
        else
        {
            await ProblemAssert.IsAsync(post, 406, "not_acceptable");
            await ProblemAssert.IsAsync(get, 406, "not_acceptable");
        }
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Exception_InALoss_IsInternalErrorWithoutItsText(string environment)
    {
        using HttpResponseMessage answer = await Service.In(environment).PostAsync("/v1/losses/fake_broken", Good);
        JsonNode problem = await ProblemAssert.IsAsync(answer, 500, "internal_error");
        Assert.DoesNotContain("secret", problem.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", problem.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task PoolExhausted_AnyLoss_IsOverloadedWithRetryAfter(string environment)
    {
        using HttpResponseMessage answer = await Service.In(environment).PostAsync("/v1/losses/fake_greedy", Good);
        await ProblemAssert.IsAsync(answer, 429, "overloaded");
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
    }

    [Theory]
    [InlineData("""{"predictions":[1,2],"predictions":[1,2],"frobnicate":1}""", 400, "duplicate_member")]
    [InlineData("""{"frobnicate":1,"predictions":["a",2]}""", 400, "wrong_type")]
    [InlineData("""{"frobnicate":1,"predictions":[1,2]""", 400, "malformed_json")]
    [InlineData("""{"frobnicate":1,"predictions":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}""", 413, "limit_exceeded")]
    [InlineData("""{"frobnicate":1}""", 422, "unknown_member")]
    [InlineData("""[]""", 400, "wrong_type")]
    [InlineData("", 400, "malformed_json")]
    public async Task SeveralMistakes_OfDifferentClasses_WorstDecides(string body, int status, string code)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync("/v1/losses/fake_slow", body);
        await ProblemAssert.IsAsync(answer, status, code);
    }

    [Fact]
    public async Task ManyMistakes_MoreThanTwenty_AreTruncated()
    {
        string members = string.Join(',', Enumerable.Range(0, 30).Select(i => $"\"zzz_{i}\":1"));
        using HttpResponseMessage answer = await Service.In("Production").PostAsync("/v1/losses/fake_slow", $"{{{members}}}");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "unknown_member");
        Assert.Equal(20, problem["errors"]!.AsArray().Count);
        Assert.True((bool?)problem["truncated"]);
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task ProblemPage_EveryCode_ExplainsItself(string environment)
    {
        foreach (ProblemKind kind in ProblemKinds.All)
        {
            JsonNode page = await Service.In(environment).ReadAsync(kind.Type);
            Assert.Equal(kind.Code, (string?)page["code"]);
            Assert.Equal(kind.Status, (int?)page["status"]);
            Assert.False(string.IsNullOrEmpty((string?)page["meaning"]));
            Assert.False(string.IsNullOrEmpty((string?)page["remedy"]));
        }

        using HttpResponseMessage unknown = await Service.In(environment).GetAsync("/problems/nope");
        await ProblemAssert.IsAsync(unknown, 404, "not_found");
    }

    // What a page says of a mistake is what the mistake is answered with, and no other page claims it.
    [Theory]
    [InlineData("cross_entropy", """{"logits":[[1,2]],"targets":[1.5]}""", 422, "domain_error", "no whole number")]
    [InlineData("cross_entropy", """{"logits":[[1,2]],"targets":[2]}""", 422, "class_out_of_range", "not below the number of classes")]
    [InlineData("mse_loss", """{"predictions":[[1],2],"targets":[[1],[2]]}""", 400, "wrong_type", "beside arrays")]
    [InlineData("mse_loss", """{"predictions":[[1],[2,3]],"targets":[[1],[2]]}""", 422, "ragged_array", "differ in length")]
    public async Task ProblemPage_ThatClaimsAMistake_IsTheOneItsAnswerNames(
        string loss, string body, int status, string code, string claim)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync($"/v1/losses/{loss}", body);
        await ProblemAssert.IsAsync(answer, status, code);
        Assert.Equal(code, Assert.Single(ProblemKinds.All, kind => kind.Meaning.Contains(claim, StringComparison.Ordinal)).Code);
    }

    [Fact]
    public void ProblemKinds_EveryCodeOfTheEngine_HasOne()
    {
        IEnumerable<string> codes = typeof(Codes).GetFields().Select(field => (string)field.GetRawConstantValue()!);
        Assert.All(codes, code => Assert.NotNull(ProblemKinds.Find(code)));
    }
}
