using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using Xunit;

namespace LossService.Tests.Wire.Json;

[Trait("Set", "Engine")]
public class ReaderValuesTests
{
    [Theory]
    [InlineData("3.5", "[]", new[] { 3.5f })]
    [InlineData("\"-Infinity\"", "[]", new[] { float.NegativeInfinity })]
    [InlineData("[]", "[0]", new float[0])]
    [InlineData("[[],[]]", "[2, 0]", new float[0])]
    [InlineData("[[[]],[[]],[[]]]", "[3, 1, 0]", new float[0])]
    [InlineData("[1]", "[1]", new[] { 1f })]
    [InlineData(" [ 1 , -2.5e1\t,\r\n0.1 ] ", "[3]", new[] { 1f, -25f, 0.1f })]
    [InlineData("[[1,2,3],[4,5,6]]", "[2, 3]", new[] { 1f, 2, 3, 4, 5, 6 })]
    [InlineData("[[1],[2],[3]]", "[3, 1]", new[] { 1f, 2, 3 })]
    [InlineData("[[[1,2],[3,4]],[[5,6],[7,8]]]", "[2, 2, 2]", new[] { 1f, 2, 3, 4, 5, 6, 7, 8 })]
    [InlineData("[[[[[[[[7]]]]]]]]", "[1, 1, 1, 1, 1, 1, 1, 1]", new[] { 7f })]
    [InlineData("[\"NaN\",1,\"Infinity\",\"-Infinity\",2]", "[5]",
        new[] { float.NaN, 1, float.PositiveInfinity, float.NegativeInfinity, 2 })]
    [InlineData("[-0.0,0,1e-46,1e-45,3.4028235e38,3.40282356e38]", "[6]",
        new[] { -0f, 0, 0, 1e-45f, float.MaxValue, float.MaxValue })]
    [InlineData("{\"shape\":[2,2],\"data\":[1,2,3,4]}", "[2, 2]", new[] { 1f, 2, 3, 4 })]
    [InlineData("{\"data\":[1,\"NaN\",3,4],\"shape\":[2,2]}", "[2, 2]", new[] { 1f, float.NaN, 3, 4 })]
    [InlineData("{\"shape\":[],\"data\":[9]}", "[]", new[] { 9f })]
    [InlineData("{\"shape\":[2e0,0,3.0],\"data\":[]}", "[2, 0, 3]", new float[0])]
    [InlineData("{\"shape\":[2],\"dtype\":\"float32\",\"base64\":\"AACAPwAAAMA=\"}", "[2]", new[] { 1f, -2 })]
    [InlineData("{\"base64\":\"AACAPwAAAMA=\",\"shape\":[2]}", "[2]", new[] { 1f, -2 })]
    [InlineData("{\"base64\":\"\\u0041ACAPwAAAMA=\",\"shape\":[2]}", "[2]", new[] { 1f, -2 })]
    [InlineData("{\"base64\":\"\\/\\/9\\/fw==\",\"shape\":[1]}", "[1]", new[] { float.MaxValue })]
    [InlineData("{\"shape\":[1],\"dtype\":\"float64\",\"base64\":\"mpmZmZmZuT8=\"}", "[1]", new[] { 0.1f })]
    [InlineData("{\"shape\":[0,4],\"base64\":\"\"}", "[0, 4]", new float[0])]
    public void Tensor_InEveryForm_HasShapeAndBits(string value, string shape, float[] expected)
    {
        using Reading reading = Reading.Of($"{{\"logits\":{value}}}");

        Assert.Empty(reading.Mistakes);
        Tensor logits = reading["logits"];
        Assert.Equal(shape, logits.Shape.ToString());
        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits).Select(Canonical),
            logits.Float32.ToArray().Select(BitConverter.SingleToUInt32Bits).Select(Canonical));
        TensorForm form = value.Contains("base64", StringComparison.Ordinal) ? TensorForm.Base64
            : value.Contains("data", StringComparison.Ordinal) ? TensorForm.Flat : TensorForm.Nested;
        Assert.Equal(form, logits.Form);
        Assert.Equal(value == "[]", logits.IsBareEmpty);
    }

    [Fact]
    public void Tensor_UnderFloat64_IsRoundedToDoublesOnce()
    {
        using Reading reading = Reading.Of(
            "{\"logits\":[0.1,1e300,3.40282357e38],\"weight\":{\"shape\":[1],\"dtype\":\"float32\",\"base64\":\"zczMPQ==\"},\"dtype\":\"float64\"}");

        Assert.Empty(reading.Mistakes);
        Assert.Equal([0.1, 1e300, 3.40282357e38], reading["logits"].Float64.ToArray());
        Assert.Equal([(double)0.1f], reading["weight"].Float64.ToArray());
        Assert.Empty(reading.Request.Notes);
    }

    [Fact]
    public void Base64_OfFloat64UnderFloat32_LeavesANote()
    {
        using Reading reading = Reading.Of("{\"logits\":{\"shape\":[1],\"dtype\":\"float64\",\"base64\":\"mpmZmZmZuT8=\"}}");

        Assert.Equal("rounded", Assert.Single(reading.Request.Notes).Code);
        Assert.Contains("logits", reading.Request.Notes[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Base64_OfSeveralTensors_IsReadAnewForEach()
    {
        using Reading reading = Reading.Of(
            "{\"logits\":{\"shape\":[1],\"base64\":\"AACAPw==\"},\"targets\":{\"shape\":[1],\"base64\":\"?\"},"
            + "\"weight\":{\"shape\":[2],\"base64\":\"AACAPwAAAMA=\"}}");

        Assert.Equal("/targets", reading.Mistake().Pointer);
        Assert.Equal([1f], reading["logits"].Float32.ToArray());
        Assert.Equal([1f, -2], reading["weight"].Float32.ToArray());
    }

    [Fact]
    public void Targets_ThatMayBeLabels_KeepBothReadings()
    {
        using Reading reading = Reading.Of("{\"targets\":[0,2.0,-1,1.5,1.00000001,9007199254740993,20e-1,-0,\"NaN\"]}");

        Assert.Empty(reading.Mistakes);
        int place = Reading.Card.PlaceOfInput("targets");
        Assert.Equal(
            [0, 2, -1, Labels.NotAnInteger, Labels.NotAnInteger, Labels.TooLarge, 2, 0, Labels.NotAnInteger],
            reading.Request.LabelTensor(place)!.Label.ToArray());
        Assert.Equal([0f, 2, -1, 1.5f, 1, 9007199254740992, 2, -0f, float.NaN], reading.Request.Tensor(place)!.Float32.ToArray());
    }

    [Theory]
    [InlineData("[3,0,1e400]", new[] { 3, 0, Labels.TooLarge })]
    [InlineData("{\"shape\":[2],\"dtype\":\"int64\",\"base64\":\"BQAAAAAAAAD//////////w==\"}", new[] { 5, -1 })]
    [InlineData("{\"shape\":[2],\"dtype\":\"int32\",\"base64\":\"BQAAAP////8=\"}", new[] { 5, -1 })]
    [InlineData("{\"shape\":[2],\"dtype\":\"float32\",\"base64\":\"AACAPwAAAD8=\"}", new[] { 1, Labels.NotAnInteger })]
    [InlineData("{\"shape\":[1],\"dtype\":\"int64\",\"base64\":\"AQAAAAAAIAA=\"}", new[] { Labels.TooLarge })]
    public void Labels_InEveryForm_AreIntegers(string value, int[] expected)
    {
        using Reading reading = Reading.Of($"{{\"labels\":{value}}}");

        Assert.Empty(reading.Mistakes);
        Assert.Equal(expected, reading["labels"].Label.ToArray());
        Assert.Null(reading.Request.Tensor(Reading.Card.PlaceOfInput("labels")));
    }

    [Theory]
    [InlineData("[true,false,true]", "[3]")]
    [InlineData("{\"shape\":[3],\"data\":[true,false,true]}", "[3]")]
    [InlineData("{\"shape\":[3,1],\"dtype\":\"bool\",\"base64\":\"AQAB\"}", "[3, 1]")]
    [InlineData("{\"shape\":[3],\"base64\":\"AQAB\"}", "[3]")]
    public void Flags_InEveryForm_AreBytes(string value, string shape)
    {
        using Reading reading = Reading.Of($"{{\"mask\":{value}}}");

        Assert.Empty(reading.Mistakes);
        Assert.Equal(shape, reading["mask"].Shape.ToString());
        Assert.Equal([1, 0, 1], reading["mask"].Flag.ToArray());
    }

    [Fact]
    public void Parameters_OfEveryKind_AreSet()
    {
        using Reading reading = Reading.Of(
            "{\"alpha\":null,\"gamma\":1.5,\"rounds\":3.0,\"smooth\":true,\"distance\":\"l1\",\"base\":2,\"reduction\":\"sum\",\"seed\":9007199254740991,\"avg_factor\":null}");

        Assert.Empty(reading.Mistakes);
        IReadOnlyList<Parameter> own = Reading.Card.Parameters;
        Assert.Equal([double.NaN, 1.5, 3, 1, 1, 1], own.Select(one => reading.Request[one]));
        Assert.Equal(Reduction.Sum, reading.Request.Reduction);
        Assert.Equal(9007199254740991, reading.Request[Common.Seed]);
        Assert.True(reading.Request.IsGiven(Common.AvgFactor));
    }

    [Theory]
    [InlineData("[]", 0UL)]
    [InlineData("[\"logits\"]", 1UL)]
    [InlineData("[\"targets\",\"log\\u0069ts\"]", 3UL)]
    public void Gradients_ListOfInputs_BecomesBits(string value, ulong expected)
    {
        using Reading reading = Reading.Of($"{{\"gradients\":{value}}}");

        Assert.Empty(reading.Mistakes);
        Assert.Equal(expected, reading.Request.Gradients);
    }

    private static uint Canonical(uint bits) => float.IsNaN(BitConverter.UInt32BitsToSingle(bits)) ? 0x7FC00000 : bits;
}
