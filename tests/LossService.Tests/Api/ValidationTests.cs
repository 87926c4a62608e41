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
        Assert.Equal(0, Service.In(environment).Pool.Leases);
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
