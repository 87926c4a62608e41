using System.Globalization;
using System.Text;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Wire;
using Xunit;

namespace LossService.Tests.Wire.Json;

public class ReaderMistakesTests
{
    [Theory]
    // Ragged at any depth; the index is the row's.
    [InlineData("[[1,2],[3]]", "ragged_array", "1", 1)]
    [InlineData("[[1],[2,3],[4,5]]", "ragged_array", "1", 2)]
    [InlineData("[[[1],[2]],[[3]]]", "ragged_array", "1", 1)]
    [InlineData("[[[1],[2]],[[3],[4,5]]]", "ragged_array", "1,1", 1)]
    [InlineData("[[],[1]]", "ragged_array", "1", 1)]
    [InlineData("[[[1]],[]]", "ragged_array", "1", 1)]
    [InlineData("[[],[[]]]", "ragged_array", "1,0", 1)]
    // Kinds among numbers.
    [InlineData("[1,[2]]", "wrong_type", "1", 1)]
    [InlineData("[[1],2]", "wrong_type", "1", 1)]
    [InlineData("[1,\"2\"]", "wrong_type", "1", 1)]
    [InlineData("[1,\"nan\"]", "wrong_type", "1", 1)]
    [InlineData("[1,\"+Infinity\",\"inf\",\"-NaN\"]", "wrong_type", "1", 3)]
    [InlineData("[1,true]", "wrong_type", "1", 1)]
    [InlineData("[null,1,null]", "wrong_type", "0", 2)]
    [InlineData("[1,{\"a\":[{}]},3]", "wrong_type", "1", 1)]
    [InlineData("[[1,2],[3,null]]", "wrong_type", "1,1", 1)]
    [InlineData("true", "wrong_type", "", null)]
    [InlineData("null", "wrong_type", "", null)]
    [InlineData("\"1\"", "wrong_type", "", null)]
    [InlineData("{}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1]}", "wrong_type", "", null)]
    [InlineData("{\"data\":[1]}", "wrong_type", "", null)]
    [InlineData("{\"shape\":1,\"data\":[1]}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[\"1\"],\"data\":[1]}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[[1]],\"data\":[1]}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"data\":1}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"data\":{\"a\":1}}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[2],\"data\":[1,[2]]}", "wrong_type", "1", 1)]
    [InlineData("{\"shape\":[2,2],\"data\":[1,2,3,null]}", "wrong_type", "1,1", 1)]
    [InlineData("{\"shape\":[1],\"base64\":1}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"dtype\":1,\"base64\":\"AACAPw==\"}", "wrong_type", "", null)]
    // Base64 that is none.
    [InlineData("{\"shape\":[1],\"base64\":\"AACAPw\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACAPw=\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACAPw===\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACAPw======\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACAPwAA====\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACAP===\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACA Pw==\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACA\\nPw==\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACAPx==\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AA==Pw==\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"_-__\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"====\"}", "wrong_type", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"\u00e9\u00e9==\"}", "wrong_type", "", null)]
    // Lengths.
    [InlineData("{\"shape\":[3],\"data\":[1,2]}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[1],\"data\":[1,2]}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[],\"data\":[]}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[2],\"base64\":\"AACAPw==\"}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[1],\"base64\":\"AACA\"}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[1],\"dtype\":\"float64\",\"base64\":\"AACAPw==\"}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[-1],\"data\":[1]}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[2.5],\"data\":[1]}", "shape_mismatch", "", null)]
    [InlineData("{\"shape\":[-9e18],\"data\":[1]}", "shape_mismatch", "", null)]
    // Numbers.
    [InlineData("[1,1e400,-1e999]", "number_overflow", "1", 2)]
    [InlineData("[[1,2],[3,3.5e38]]", "number_overflow", "1,1", 1)]
    [InlineData("3.40282357e38", "number_overflow", "", null)]
    [InlineData("{\"shape\":[1,2],\"data\":[0,1e39]}", "number_overflow", "0,1", 1)]
    [InlineData("{\"shape\":[2],\"dtype\":\"float64\",\"base64\":\"AAAAAAAAAAD////////vfw==\"}", "number_overflow", "1", 1)]
    // Types and conflicts.
    [InlineData("{\"shape\":[1],\"dtype\":\"float8\",\"base64\":\"AA==\"}", "dtype_unsupported", "", null)]
    [InlineData("{\"shape\":[1],\"data\":[1],\"base64\":\"AACAPw==\"}", "option_conflict", "", null)]
    [InlineData("{\"shape\":[1],\"dtype\":\"float32\",\"data\":[1]}", "option_conflict", "", null)]
    public void Tensor_WithOneMistake_SaysWhere(string value, string code, string index, int? count)
    {
        using Reading reading = Reading.Of($"{{\"logits\":{value},\"smooth\":true}}");

        Mistake mistake = reading.Mistake();
        Assert.Equal("/logits", mistake.Pointer);
        Assert.Equal(code, mistake.Code);
        Assert.Equal(index, string.Join(",", mistake.Index ?? []));
        Assert.Equal(count, mistake.Count);
        Assert.NotNull(mistake.Expected);
        Assert.Equal(1, reading.Request[Reading.Card.Parameters[3]]);
    }

    [Theory]
    [InlineData("{\"labels\":[1,\"NaN\"]}", "/labels", "wrong_type")]
    [InlineData("{\"labels\":[true]}", "/labels", "wrong_type")]
    [InlineData("{\"mask\":[true,1]}", "/mask", "wrong_type")]
    [InlineData("{\"mask\":{\"shape\":[1],\"dtype\":\"float32\",\"base64\":\"AACAPw==\"}}", "/mask", "dtype_unsupported")]
    [InlineData("{\"mask\":{\"shape\":[2],\"base64\":\"AQI=\"}}", "/mask", "wrong_type")]
    [InlineData("{\"targets\":[1e39]}", "/targets", "number_overflow")]
    [InlineData("{\"alpha\":\"0.5\"}", "/alpha", "wrong_type")]
    [InlineData("{\"alpha\":\"NaN\"}", "/alpha", "non_finite_input")]
    [InlineData("{\"alpha\":true}", "/alpha", "wrong_type")]
    [InlineData("{\"alpha\":[0.5,{}]}", "/alpha", "wrong_type")]
    [InlineData("{\"alpha\":1e400}", "/alpha", "number_overflow")]
    [InlineData("{\"gamma\":null}", "/gamma", "wrong_type")]
    [InlineData("{\"rounds\":1.5}", "/rounds", "parameter_out_of_range")]
    [InlineData("{\"rounds\":1.00000000000000000001}", "/rounds", "parameter_out_of_range")]
    [InlineData("{\"rounds\":9007199254740993}", "/rounds", "parameter_out_of_range")]
    [InlineData("{\"rounds\":\"1\"}", "/rounds", "wrong_type")]
    [InlineData("{\"smooth\":1}", "/smooth", "wrong_type")]
    [InlineData("{\"smooth\":null}", "/smooth", "wrong_type")]
    [InlineData("{\"distance\":\"L2\"}", "/distance", "parameter_out_of_range")]
    [InlineData("{\"distance\":0}", "/distance", "wrong_type")]
    [InlineData("{\"dtype\":\"float16\"}", "/dtype", "dtype_unsupported")]
    [InlineData("{\"base\":3}", "/base", "wrong_type")]
    [InlineData("{\"gradients\":\"logits\"}", "/gradients", "wrong_type")]
    [InlineData("{\"gradients\":[\"logits\",1]}", "/gradients/1", "wrong_type")]
    [InlineData("{\"gradients\":[\"weight\"]}", "/gradients/0", "gradient_not_available")]
    [InlineData("{\"gradients\":[\"mask\"]}", "/gradients/0", "gradient_not_available")]
    [InlineData("{\"gradients\":[\"logits\",\"x\"]}", "/gradients/1", "gradient_not_available")]
    [InlineData("{\"logits\":[1],\"logits\":[2]}", "/logits", "duplicate_member")]
    [InlineData("{\"logits\":[1],\"l\\u006fgits\":[{}]}", "/logits", "duplicate_member")]
    [InlineData("{\"alpha\":1,\"alpha\":1}", "/alpha", "duplicate_member")]
    [InlineData("{\"gradients\":[],\"gradients\":[]}", "/gradients", "duplicate_member")]
    [InlineData("{\"logits\":{\"shape\":[1],\"shape\":[1],\"data\":[1]}}", "/logits/shape", "duplicate_member")]
    [InlineData("{\"logits\":{\"shape\":[1],\"sh\\u0061pe\":[1],\"data\":[1]}}", "/logits/shape", "duplicate_member")]
    [InlineData("{\"logits\":{\"shape\":[1],\"data\":[1],\"strides\":[[]]}}", "/logits/strides", "unknown_member")]
    [InlineData("{\"__proto__\":{\"a\":[1,{}]}}", "/__proto__", "unknown_member")]
    [InlineData("{\"$type\":1}", "/$type", "unknown_member")]
    [InlineData("{\"a/b~c\":1}", "/a~1b~0c", "unknown_member")]
    [InlineData("{\"\":1}", "/", "unknown_member")]
    [InlineData("[1]", "", "wrong_type")]
    [InlineData("1", "", "wrong_type")]
    [InlineData("\"x\"", "", "wrong_type")]
    [InlineData("null", "", "wrong_type")]
    public void Body_WithOneMistake_SaysWhere(string body, string pointer, string code)
    {
        using Reading reading = Reading.Of(body);

        Mistake mistake = reading.Mistake();
        Assert.Equal((pointer, code), (mistake.Pointer, mistake.Code));
    }

    [Theory]
    [InlineData("target", "targets")]
    [InlineData("Logits", "logits")]
    [InlineData("reducton", "reduction")]
    [InlineData("gradient", "gradients")]
    [InlineData("y_true", "targets")]
    [InlineData("y_pred", "logits")]
    [InlineData("probabilities", null)]
    public void UnknownMember_NearOneOfOurs_IsSuggested(string name, string? suggestion)
    {
        using Reading reading = Reading.Of($"{{\"{name}\":1}}");

        Assert.Equal(suggestion, reading.Mistake().Expected);
        Assert.DoesNotContain(name + " ", reading.Mistake().Detail + " ", StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownMember_OfAnyLength_IsCutAndNotEchoed()
    {
        using Reading reading = Reading.Of($"{{\"{new string('q', 1_000)}\":1,\"zz\":1,\"z\\u007a\":2}}");

        Assert.Equal(65, reading.Mistakes[0].Pointer.Length);
        Assert.All(reading.Mistakes, one => Assert.DoesNotContain("q", one.Detail, StringComparison.Ordinal));
        Assert.Equal(["unknown_member", "unknown_member", "duplicate_member"], reading.Mistakes.Select(one => one.Code));
    }

    [Fact]
    public void UnknownMembers_ThatAreCut_AreNeitherHalvedNorTakenForOne()
    {
        string start = new('q', 63);
        using Reading reading = Reading.Of($"{{\"{start}\ud83d\ude00a\":1,\"{start}\ud83d\ude00b\":2}}");

        Assert.Equal(("/" + start, "unknown_member"), (reading.Mistake().Pointer, reading.Mistake().Code));
    }

    [Fact]
    public void Mistakes_OfManyKinds_AreAllCollectedUpToMalformedJson()
    {
        using Reading reading = Reading.Of(
            "{\"logits\":[1,null,1e99,null],\n\"targets\":[[1],[]],\"alpha\":\"x\",\"x\":1,\n \"weight\":[true,}");

        Assert.Equal(
            ["/logits wrong_type 1 2", "/logits number_overflow 2 1", "/targets ragged_array 1 1", "/alpha wrong_type  ",
                "/x unknown_member  ", "/weight wrong_type 0 1", " malformed_json  "],
            reading.Mistakes.Select(one => string.Create(CultureInfo.InvariantCulture,
                $"{one.Pointer} {one.Code} {string.Join(",", one.Index ?? [])} {one.Count}")));
        Assert.StartsWith("line 3, byte ", reading.Mistakes[^1].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"shape\":[2,2],\"data\":[1,2,3,4,null]}", 4)]
    [InlineData("{\"shape\":[2,0],\"data\":[null]}", 0)]
    public void Tensor_WithABadElementBeyondItsShape_TellsItsPlaceInTheData(string value, int index)
    {
        using Reading reading = Reading.Of($"{{\"logits\":{value}}}");

        Assert.Equal([index], reading.Mistakes.Single(one => one.Code == Codes.WrongType).Index);
    }

    [Fact]
    public void Tensor_WithABadElement_StillHasItsShape()
    {
        using Reading reading = Reading.Of("{\"logits\":[[1,null],[3,1e99]]}");

        Assert.Equal("[2, 2]", reading["logits"].Shape.ToString());
        Assert.Equal([1, 0, 3, float.PositiveInfinity], reading["logits"].Float32.ToArray());
    }

    [Theory]
    [InlineData("[1,2,3,4,5,6,7,8,9]", "elements")]
    [InlineData("[[1,2,3],[4,5,6],[7,8,9]]", "elements")]
    [InlineData("[null,null,null,null,null,null,null,null,null]", "elements")]
    [InlineData("[[],[],[],[],[],[],[],[],[]]", "elements")]
    [InlineData("{\"data\":[1,2,3,4,5,6,7,8,9],\"shape\":[9]}", "elements")]
    [InlineData("{\"shape\":[9]", "elements")]
    [InlineData("{\"shape\":[3,3]", "elements")]
    [InlineData("{\"shape\":[0,1099511627776]", "elements")]
    [InlineData("{\"shape\":[1099511627776,0]", "elements")]
    [InlineData("{\"shape\":[3,0,3]", "elements")]
    [InlineData("{\"shape\":[1152921504606846978,16]", "elements")]
    [InlineData("{\"shape\":[4611686018427387904,4]", "elements")]
    [InlineData("{\"shape\":[1e99]", "elements")]
    [InlineData("{\"shape\":[1,1,1,1,1,1,1,1,1]", "rank")]
    [InlineData("[[[[[[[[[1]]]]]]]]]", "rank")]
    [InlineData("{\"base64\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "elements")]
    public void Tensor_BeyondALimit_EndsTheReading(string value, string limit)
    {
        using Reading reading = Reading.Of($"{{\"logits\":{value}", Reading.Limits with { ElementsMax = 8 });

        Assert.Equal(("/logits", "limit_exceeded", limit),
            (reading.Mistakes[^1].Pointer, reading.Mistakes[^1].Code, reading.Mistakes[^1].Limit));
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    [InlineData(250_000, false)]
    public void Nesting_UpToTheDepthLimit_IsRead(int depth, bool accepted)
    {
        using Reading arrays = Reading.Of($"{{\"x\":{new string('[', depth - 1)}");
        using Reading objects = Reading.Of($"{{\"x\":{string.Concat(Enumerable.Repeat("{\"a\":", Math.Min(depth, 50) - 1))}");

        Assert.Equal(accepted ? "malformed_json" : "limit_exceeded", arrays.Mistakes[^1].Code);
        Assert.Equal(accepted ? "malformed_json" : "limit_exceeded", objects.Mistakes[^1].Code);
        Assert.Equal(accepted ? null : "depth", arrays.Mistakes[^1].Limit);
    }

    [Fact]
    public void Literals_UpToTheirLimit_AreRead()
    {
        foreach (int size in new[] { 1, 7, 4_096 })
        {
            foreach (int length in new[] { 1_099, 1_100, 1_101, 5_000 })
            {
                foreach (string text in new[]
                {
                    $"{{\"logits\":[1,0.{new string('1', length - 2)}]}}",
                    $"{{\"distance\":\"{new string('a', length)}\"}}",
                    $"{{\"{new string('a', length)}\":1}}",
                    $"{{\"{new string('a', length - 1)}\\n\":1}}",
                    $"{{\"x\":-{new string('1', length - 1)}}}",
                })
                {
                    using Reading reading = Reading.Of(Pieces.Of(Encoding.UTF8.GetBytes(text), size));
                    Assert.Equal(length > 1_100, reading.Mistakes.Any(one => one.Limit == "literal"));
                    Assert.DoesNotContain(reading.Mistakes, one => one.Code == Codes.MalformedJson);
                }
            }
        }
    }

    [Fact]
    public void Literals_WithASmallLimit_AreRefusedWhereverABodyIsCut()
    {
        ReadLimits limits = Reading.Limits with { LiteralBytesMax = 5 };
        foreach (int size in new[] { 1, 2, 3, 100 })
        {
            using Reading reading = Reading.Of(Pieces.Of("{\"mask\":[],\"alpha\":12345,\"gamma\":123456}"u8.ToArray(), size), limits);
            Assert.Equal("literal", reading.Mistake().Limit);
            Assert.Equal(12345, reading.Request[Reading.Card.Parameters[0]]);

            // Among numbers that are read in one go, too.
            using Reading run = Reading.Of(
                Pieces.Of("{\"weight\":[1.5,2.5,12345678],\"logits\":[1.5,2.5,123456789,4.5,5.5,6.5]}"u8.ToArray(), size),
                limits with { LiteralBytesMax = 8 });
            Assert.Equal("literal", run.Mistake().Limit);
            Assert.Equal([1.5f, 2.5f, 12345678], run["weight"].Float32.ToArray());
        }
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(19, false)]
    public void Body_UpToItsLimit_IsRead(int bytesMax, bool accepted)
    {
        foreach (int size in new[] { 1, 7, 20 })
        {
            using Reading reading = Reading.Of(
                Pieces.Of("{\"logits\":[1,2,3,4]}"u8.ToArray(), size), Reading.Limits with { BodyBytesMax = bytesMax });
            Assert.Equal(accepted ? null : "body", reading.Mistakes.SingleOrDefault()?.Limit);
        }
    }

    [Fact]
    public void Query_SaysOtherThanTheBody_IsAConflict()
    {
        static void Query(LossRequest request) =>
            request.Set(request.Card.PlaceOfParameter("reduction"), Common.Reduction.ValueOf("sum"));

        using Reading other = Reading.Of("{\"reduction\":\"none\"}", null, Query);
        using Reading same = Reading.Of("{\"reduction\":\"sum\"}", null, Query);

        Assert.Equal("option_conflict", other.Mistake().Code);
        Assert.Empty(same.Mistakes);
    }

    [Fact]
    public void Mistakes_BeyondTwenty_AreCutAndCostLittle()
    {
        var body = new StringBuilder("{");
        for (int i = 0; i < 50_000; i++)
        {
            body.Append(CultureInfo.InvariantCulture, $"\"unknown{i}\":0,");
        }

        using Reading reading = Reading.Of(body.Append("\"logits\":[1]}").ToString());

        Assert.Equal(20, reading.Mistakes.Count);
        Assert.True(reading.Request.Mistakes.Truncated);
        Assert.Equal(1, reading["logits"].Shape.Elements);
    }
}
