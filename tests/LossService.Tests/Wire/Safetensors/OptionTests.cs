using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Tests.Wire.Json;
using Xunit;

namespace LossService.Tests.Wire.Safetensors;

/// <summary>Parameters and gradients in <c>__metadata__</c>.</summary>
public sealed class OptionTests
{
    [Theory]
    [InlineData("alpha", "0.5", 0.5)]
    [InlineData("alpha", "null", double.NaN)]
    [InlineData("alpha", "-1", double.NaN)]
    [InlineData("gamma", "1e-3", 0.001)]
    [InlineData("rounds", "7", 7)]
    [InlineData("smooth", "true", 1)]
    [InlineData("distance", "l1", 1)]
    [InlineData("reduction", "none", 2)]
    [InlineData("dtype", "float64", 1)]
    public void Option_OfEveryKind_IsSet(string name, string text, double value)
    {
        using Reading reading = Safe.Read(Safe.File([], (name, text)));
        Assert.Empty(reading.Mistakes);
        int place = Reading.Card.PlaceOfParameter(name);
        Assert.True(reading.Request.IsGiven(place));
        Assert.Equal(value, reading.Request[Reading.Card.ParameterAt(place)]);
    }

    [Theory]
    [InlineData("", 0UL)]
    [InlineData("logits", 1UL)]
    [InlineData("targets", 2UL)]
    [InlineData("logits,targets", 3UL)]
    [InlineData("targets, logits", 3UL)]
    public void Gradients_AsNames_AreSet(string names, ulong bits)
    {
        using Reading reading = Safe.Read(Safe.File([], ("gradients", names)));
        Assert.Empty(reading.Mistakes);
        Assert.Equal(bits, reading.Request.Gradients);
    }

    [Fact]
    public void Option_AlsoInTheQuery_MustNotDiffer()
    {
        byte[] file = Safe.File([], ("alpha", "0.5"), ("gradients", "logits"));
        Action<LossRequest> query = Safe.Query("alpha", 0.5) + (request => request.Gradients = 1);
        using Reading same = Safe.Read(file, query: query);
        Assert.Empty(same.Mistakes);
        query = Safe.Query("alpha", 0.25) + (request => request.Gradients = 2);
        using Reading other = Safe.Read(file, query: query);
        Assert.Equal(
            ["/__metadata__/alpha option_conflict", "/__metadata__/gradients option_conflict"], other.Mistakes.Select(one => $"{one.Pointer} {one.Code}"));
    }

    [Fact]
    public void Options_WithManyMistakes_AreAllTold()
    {
        using Reading reading = Safe.Read(Safe.File(
            [], ("gradients", "logits, nope,,weight,targets,logits"), ("reduction", "summ"), ("alpha", new string('9', 400)), ("dtype", "")));
        Assert.Equal(
            [
                "/__metadata__/gradients/1 gradient_not_available nope", "/__metadata__/gradients/2 gradient_not_available weight",
                "/__metadata__/gradients/4 option_conflict logits again", "/__metadata__/reduction parameter_out_of_range summ",
                $"/__metadata__/alpha parameter_out_of_range {new string('9', 64)}…", "/__metadata__/dtype dtype_unsupported nothing",
            ],
            reading.Mistakes.Select(one => $"{one.Pointer} {one.Code} {one.Found}"));
    }

    [Fact]
    public void Options_BehindTheTensors_CountAsBeforeThem()
    {
        const string tensor = """{"logits":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"dtype":"float64"}}""";
        using Reading reading = Safe.Read(Safe.File(tensor, Safe.Bytes(0.1f)));
        Assert.Empty(reading.Mistakes);
        Assert.Equal([0.1f], reading["logits"].Float64.ToArray());
        Assert.Equal(1, reading.Request[Common.Dtype]);
    }
}
