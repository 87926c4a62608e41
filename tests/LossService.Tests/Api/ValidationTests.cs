using System.Text.Json.Nodes;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>Every rule that a card implies, and all mistakes of a request at once.</summary>
public sealed class ValidationTests
{
    private const string Inputs = """ "logits":[[1,2],[3,4]],"q":[1,1],"targets":[0,1] """;

    public static TheoryData<string> Environments => Service.Environments;

    [Theory]
    [InlineData("""{"logits":[[1,2]]}""", "/targets missing_input", "/q missing_input")]
    [InlineData("{}", "/logits missing_input", "/targets missing_input", "/q missing_input")]
    [InlineData("""{"logits":[[1,2]],"q":[1],"log_q":[0],"targets":[0]}""", "/log_q option_conflict")]
    [InlineData("""{INPUTS,"power":0}""", "/power parameter_out_of_range")]
    [InlineData("""{INPUTS,"alpha":1.5,"extra":[1,1]}""", "/alpha parameter_out_of_range")]
    [InlineData("""{INPUTS,"alpha":0.5}""", "/extra missing_input")]
    [InlineData("""{INPUTS,"extra":[1,1]}""", "/extra option_conflict")]
    [InlineData("""{INPUTS,"reduction":"batchmean"}""", "/reduction option_conflict")]
    [InlineData("""{INPUTS,"reduction_override":"batchmean"}""", "/reduction_override option_conflict")]
    [InlineData("""{INPUTS,"avg_factor":2,"reduction":"sum"}""", "/avg_factor option_conflict")]
    [InlineData("""{INPUTS,"avg_factor":2,"reduction_override":"sum"}""", "/avg_factor option_conflict")]
    [InlineData("""{INPUTS,"avg_factor":-1}""", "/avg_factor parameter_out_of_range")]
    [InlineData("""{INPUTS,"avg_factor":0}""", "/avg_factor parameter_out_of_range")]
    [InlineData("""{INPUTS,"avg_factor":0,"avg_factor_eps":0}""", "/avg_factor parameter_out_of_range")]
    [InlineData("""{INPUTS,"weight_normalization":"count"}""", "/weight_normalization option_conflict")]
    [InlineData("""{INPUTS,"hessian":"diagonal"}""", "/hessian option_conflict")]
    [InlineData("""{INPUTS,"preset":"pytorch"}""", "/preset option_conflict")]
    [InlineData("""{INPUTS,"target_type":"index"}""", "/target_type option_conflict")]
    [InlineData("""{INPUTS,"target_type":"both"}""", "/target_type parameter_out_of_range")]
    [InlineData("""{"logits":[[1,2]],"log_q":[1],"targets":[0],"gradients":["q"]}""", "/gradients gradient_not_available")]
    [InlineData("""{INPUTS,"gradients":["targets"]}""", "/gradients/0 gradient_not_available")]
    [InlineData("""{"logits":[[1,2],[3,4]],"q":[1,1],"targets":[0,1,0]}""", "/targets shape_mismatch")]
    [InlineData("""{"logits":[1,2],"q":[1,1],"targets":[0,1]}""", "/logits rank_mismatch")]
    [InlineData("""{"logits":[[],[]],"q":[1,1],"targets":[0,0]}""", "/logits shape_mismatch")]
    [InlineData("""{"logits":[[1,2],[3,4]],"q":[1,1],"targets":[0,2]}""", "/targets class_out_of_range")]
    [InlineData("""{"logits":[[1,2],[3]],"q":[1,1],"targets":[0,1]}""", "/logits ragged_array")]
    [InlineData("""{"logits":[[1,2],[3,4]],"q":[1,1e39],"targets":[0,1]}""", "/q number_overflow")]
    [InlineData("""{INPUTS,"weigth_decay":1}""", "/weigth_decay unknown_member")]
    public async Task Request_BreaksOneRule_NamesIt(string body, params string[] errors)
    {
        body = body.Replace("INPUTS", Inputs, StringComparison.Ordinal);
        using HttpResponseMessage answer = await Service.In("Production").PostAsync("/v1/losses/fake_strict", body);
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, errors[0].Split(' ')[1]);
        Assert.Equal(errors.Order(), ProblemAssert.Errors(problem).Order());
    }

    // A detector that found nothing has avg_factor 0, and mmdetection divides by it and the least step of a float.
    [Theory]
    [InlineData(""","preset":"mmdet" """, 1.1920929e-07)]
    [InlineData(""","avg_factor_eps":0.5""", 0.5)]
    public async Task AvgFactor_OfNothing_LeavesTheEps(string rest, double divisor)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/l1_loss", $$"""{"predictions":[1,2],"targets":[0,0],"dtype":"float64","avg_factor":0{{rest}}}""");
        JsonNode body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(divisor, (double?)body["normalizer"]!["value"]);
        Assert.Equal(3 / divisor, (double)body["loss"]!, 1e-6);
    }

    // Found by the fuzzer: [] was taken for rows of no tokens.
    [Theory]
    [InlineData("[]")]
    [InlineData("[[-1],[-2]]")]
    public async Task Preferences_WithAnotherNumberOfRejectedAnswers_AreRefused(string rejected)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/orpo_loss", $$"""{"policy_chosen_logps":[-0.8],"policy_rejected_logps":{{rejected}}}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "shape_mismatch");
        Assert.Equal(["/policy_rejected_logps shape_mismatch"], ProblemAssert.Errors(problem));
    }

    [Theory]
    [InlineData("cross_entropy")]
    [InlineData("sigmoid_focal_loss")]
    [InlineData("dice_loss")]
    public async Task Gradient_ByIndicesOfClasses_IsRefused(string loss)
    {
        const string Body = """{"logits":[[2,1,0.1],[0.5,2.5,-1]],"targets":[0,1]""";
        foreach ((string query, string body) in new[] { ("?gradients=targets", Body + "}"), ("", $$"""{{Body}},"gradients":["targets"]}""") })
        {
            using HttpResponseMessage answer = await Service.In("Production").PostAsync($"/v1/losses/{loss}{query}", body);
            JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "gradient_not_available");
            Assert.Equal([$"{(query.Length > 0 ? "?" : "/")}gradients gradient_not_available"], ProblemAssert.Errors(problem));
        }
    }

    // They are kept in 32 bits: two that were not told apart would be one sample's class.
    [Theory]
    [InlineData("3000000000", "3000000001", "an integer above 2147483646")]
    [InlineData("2147483647", "2147483648", "an integer above 2147483646")]
    [InlineData("-2147483646", "-3000000000", "an integer below -2147483645")]
    [InlineData("9007199254740993", "1", "an integer beyond 2^53")]
    [InlineData("2147483646", "-2147483645", null)]
    public async Task Labels_ThatOnlyTellApart_AreToldApartOrRefused(string one, string other, string? found)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/supcon_loss", $$"""{"embeddings":[[1,0],[0.9,0.1],[0,1],[0.5,0.5]],"labels":[{{one}},{{other}},{{one}},{{other}}]}""");
        if (found is null)
        {
            using HttpResponseMessage same = await Service.In("Production").PostAsync(
                "/v1/losses/supcon_loss", """{"embeddings":[[1,0],[0.9,0.1],[0,1],[0.5,0.5]],"labels":[1,2,1,2]}""");
            Assert.Equal(await same.Content.ReadAsStringAsync(), await answer.Content.ReadAsStringAsync());
            return;
        }

        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "class_out_of_range");
        Assert.Equal(found, (string?)problem["errors"]![0]!["found"]);
    }

    // Labels, pairs or triplets say who is whose positive: one of them, and negative pairs beside positive ones.
    [Theory]
    [InlineData("", "/labels missing_input", "exactly one of labels, positive_pairs or triplets")]
    [InlineData(""","labels":[0,0,1],"triplets":[[0,1,2]]""", "/triplets option_conflict", "exactly one of labels, positive_pairs or triplets")]
    [InlineData(""","positive_pairs":[[0,1]]""", "/negative_pairs missing_input", "[Q, 2]")]
    [InlineData(""","labels":[0,0,1],"negative_pairs":[[0,2]]""", "/negative_pairs option_conflict", "positive_pairs, or no negative_pairs")]
    public async Task Relation_GivenTwiceOrByHalves_IsRefused(string more, string error, string expected)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/batch_all_triplet_loss", $$"""{"embeddings":[[0],[1],[2]]{{more}}}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, error.Split(' ')[1]);
        Assert.Equal([error], ProblemAssert.Errors(problem));
        Assert.Equal(expected, (string?)problem["errors"]![0]!["expected"]);
    }

    [Theory]
    [InlineData(""","labels":[0,0,1],"miner_positive":"semihard","miner_negative":"semihard" """, "/miner_negative option_conflict",
        "miner_negative semihard does not go with miner_positive semihard")]
    [InlineData(""","labels":[0,0,1],"miner_positive":"all" """, "/miner_positive option_conflict",
        "miner_positive all does not go with miner_negative semihard")]
    [InlineData(""","triplets":[[0,1,2]],"miner":"batch_hard" """, "/triplets option_conflict",
        "triplets goes with miner all, hard, semihard, easy or triplet_margin, found batch_hard")]
    public async Task Miner_ThatCannotChoose_IsRefused(string more, string error, string detail)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/batch_all_triplet_loss", $$"""{"embeddings":[[0],[1],[2]]{{more}}}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, error.Split(' ')[1]);
        Assert.Equal([error], ProblemAssert.Errors(problem));
        Assert.Equal(detail, (string?)problem["errors"]![0]!["detail"]);
    }

    [Theory]
    [InlineData("", "0")]
    [InlineData(""","seed":9007199254740991""", "9007199254740991")]
    public async Task Miner_ThatDraws_EchoesItsSeed(string more, string seed)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/margin_loss", $$"""{"embeddings":[[0,1],[1,0],[1,1]],"labels":[0,0,1],"miner":"distance_weighted"{{more}}}""");
        Assert.Equal(seed, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["seed"]!.ToJsonString());
    }

    [Fact]
    public async Task Relation_OfNoPairsAtAll_Passes()
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/margin_loss", """{"embeddings":[[0],[1],[2]],"positive_pairs":[],"negative_pairs":[],"return_tuples":true}""");
        JsonNode body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal("[]", body["positive_pairs"]!.ToJsonString());
        Assert.Equal("empty", (string?)body["notes"]![0]!["code"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","alpha":0.5,"extra":[1,1]""")]
    [InlineData(""","reduction":"sum","avg_factor":2,"reduction_override":"mean" """)]
    [InlineData(""","hessian":"none","target_type":null,"preset":null,"weight_normalization":null,"reduction_override":null""")]
    [InlineData(""","gradients":["logits","q"]""")]
    public async Task Request_KeepsAllRules_Passes(string more)
    {
        using HttpResponseMessage answer =
            await Service.In("Production").PostAsync("/v1/losses/fake_strict", $"{{{Inputs}{more}}}");
        Assert.True((int)answer.StatusCode == 200, await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Request_BreaksManyRules_ListsThemAllAtOnce(string environment)
    {
        using HttpResponseMessage answer = await Service.In(environment).PostAsync(
            "/v1/losses/fake_strict?redction=sum&power=-2",
            """
            {"logits":[[1,2],[3,4]],"q":[1,1],"log_q":[1,1],"targets":[0,2],"alpha":7,"extra":[1],"preset":"optax","avg_factor":2,
             "reduction":"sum","hessian":"diagonal","gradients":["logits"],"frobnicate":[1,{"a":2}],"mask":[true]}
            """);
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "unknown_member");
        string[] expected =
        [
            "/alpha parameter_out_of_range", "/avg_factor option_conflict", "/extra shape_mismatch", "/frobnicate unknown_member",
            "/hessian option_conflict", "/log_q option_conflict", "/mask shape_mismatch", "/preset option_conflict",
            "?power parameter_out_of_range", "?redction unknown_member",
        ];
        Assert.Equal(expected, ProblemAssert.Errors(problem).Order(StringComparer.Ordinal));
        Assert.EndsWith("(and 9 more)", (string?)problem["detail"], StringComparison.Ordinal);

        await Service.In(environment).AssertNothingLeasedAsync();
    }

    [Fact]
    public async Task ParameterOutOfRange_Problem_SaysRangeAndValue()
    {
        using HttpResponseMessage answer =
            await Service.In("Production").PostAsync("/v1/losses/fake_strict", $"{{{Inputs},\"alpha\":1.5,\"extra\":[1,1]}}");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "parameter_out_of_range");
        Assert.Equal("alpha: expected [0, 1], found 1.5", (string?)problem["detail"]);
        Assert.Equal("[0, 1]", (string?)problem["errors"]![0]!["expected"]);
        Assert.Equal("1.5", (string?)problem["errors"]![0]!["found"]);
    }

    [Theory]
    [InlineData("mse_loss", """{"predictions":[1,"a"],"targets":[1,2]}""", "/predictions wrong_type")]
    [InlineData("mse_loss", """{"predictions":[1,1e400],"targets":[1,2]}""", "/predictions number_overflow")]
    [InlineData("mse_loss", """{"predictions":[[1,2],[1]],"targets":[1,2]}""", "/predictions ragged_array")]
    [InlineData("mse_loss", """{"predictions":[1,2],"targets":[1,"NaN"]}""", "/targets non_finite_input")]
    [InlineData("mse_loss", """{"predictions":[1,"NaN"],"targets":[1,2],"reduction":"none","non_finite":"error"}""", "/losses non_finite_output")]
    [InlineData("cross_entropy", """{"logits":[[1,2],[1,2]],"targets":[1,2]}""", "/targets class_out_of_range")]
    [InlineData("lambdarank_loss", """{"scores":[1,2,3],"relevance":[1,0,0],"group_ids":[1,0,2]}""", "/group_ids domain_error")]
    [InlineData("lambdarank_loss", """{"scores":[1,2,3],"relevance":[1,0,0],"group_ids":[2,1,0]}""", "/group_ids domain_error", 2)]
    public async Task Element_OfAnyMistake_HasItsIndexAndACount(string loss, string body, string error, int count = 1)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync($"/v1/losses/{loss}", body);
        JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal([error], ProblemAssert.Errors(problem));
        Assert.Equal("[1]", problem["errors"]![0]!["index"]!.ToJsonString());
        Assert.Equal(count, (int?)problem["errors"]![0]!["count"]);
    }

    [Fact]
    public async Task Gradients_InTheQueryOfAnInputThatIsAbsent_ArePointedAtThere()
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/fake_strict?gradients=q", """{"logits":[[1,2]],"log_q":[1],"targets":[0]}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "gradient_not_available");
        Assert.Equal(["?gradients gradient_not_available"], ProblemAssert.Errors(problem));
    }

    [Theory]
    [InlineData(""","avg_factor":-1""", "> 0, or null")]
    [InlineData(""","avg_factor":0""", "> 0, or null")]
    [InlineData(""","avg_factor":-1,"avg_factor_eps":0.5""", ">= 0, or null")]
    public async Task AvgFactor_TooSmall_IsToldWhatItsEpsAllows(string more, string expected)
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync(
            "/v1/losses/mse_loss", $$"""{"predictions":[1],"targets":[1]{{more}}}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "parameter_out_of_range");
        Assert.Equal(["/avg_factor parameter_out_of_range"], ProblemAssert.Errors(problem));
        Assert.Equal(expected, (string?)problem["errors"]![0]!["expected"]);
    }

    [Fact]
    public async Task HessianOfTheGradient_BesideAnUpstreamGradient_IsAConflict()
    {
        using HttpResponseMessage answer = await Service.In("Production").PostAsync("/v1/losses/poisson_nll_loss",
            """{"predictions":[0.5],"targets":[2],"grad_output":2,"hessian":"xgboost"}""");
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "option_conflict");
        Assert.Equal(["/grad_output option_conflict"], ProblemAssert.Errors(problem));
        Assert.Equal("no grad_output, or hessian diagonal", (string?)problem["errors"]![0]!["expected"]);
    }
}
