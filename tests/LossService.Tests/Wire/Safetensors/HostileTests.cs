using System.Buffers.Binary;
using System.Text;
using LossService.Engine;
using LossService.Engine.Numerics;
using LossService.Tests.Wire.Json;
using LossService.Wire;
using Xunit;

namespace LossService.Tests.Wire.Safetensors;

/// <summary>Files that are wrong, by accident or on purpose: each has its mistake, and nothing stays rented.</summary>
public sealed class HostileTests
{
    private const string Nines = "99999999999999999999999999";

    [Theory]
    [InlineData("")]
    [InlineData(" {}")]
    [InlineData("[]")]
    [InlineData("\uFEFF{}")]
    [InlineData("{")]
    [InlineData("{} x")]
    [InlineData("{}{}")]
    [InlineData("{\"logits\"}")]
    [InlineData("{\"logits\":}")]
    [InlineData("{'logits':{}}")]
    [InlineData("{\"logits\":{\"dtype\":NaN}}")]
    [InlineData("{\"lo\0gits\":{}}")]
    [InlineData("{\"__metadata__\":{},}")]
    public void Header_ThatIsNotJson_IsMalformed(string header)
    {
        using Reading reading = Safe.Read(Safe.File(header));
        Mistake mistake = reading.Mistake();
        Assert.Equal(("", "malformed_json"), (mistake.Pointer, mistake.Code));
        Assert.StartsWith("safetensors header", mistake.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("of the body", mistake.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "an object of dtype, shape and data_offsets", "an array")]
    [InlineData("1", "an object of dtype, shape and data_offsets", "a number")]
    [InlineData("{}", "dtype, shape and data_offsets", "a tensor without one of them")]
    [InlineData("{'dtype':'F32','shape':[1]}", "dtype, shape and data_offsets", "a tensor without one of them")]
    [InlineData("{'dtype':'F32','data_offsets':[0,4]}", "dtype, shape and data_offsets", "a tensor without one of them")]
    [InlineData("{'shape':[1],'data_offsets':[0,4]}", "dtype, shape and data_offsets", "a tensor without one of them")]
    [InlineData("{'dtype':1,'shape':[1],'data_offsets':[0,4]}", "a string as dtype", "a number")]
    [InlineData("{'dtype':['F32'],'shape':[1],'data_offsets':[0,4]}", "a string as dtype", "an array")]
    [InlineData("{'dtype':'F32','shape':1,'data_offsets':[0,4]}", "an array of lengths as shape", "a number")]
    [InlineData("{'dtype':'F32','shape':null,'data_offsets':[0,4]}", "an array of lengths as shape", "null")]
    [InlineData("{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}", "an array of lengths as shape", "a string")]
    [InlineData("{'dtype':'F32','shape':[[1]],'data_offsets':[0,4]}", "an array of lengths as shape", "an array")]
    [InlineData("{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}", "lengths in shape that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}", "lengths in shape that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[1e0],'data_offsets':[0,4]}", "lengths in shape that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[" + Nines + "],'data_offsets':[0,4]}", "lengths in shape that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':4}", "an array of two numbers as data_offsets", "a number")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':{'a':1}}", "an array of two numbers as data_offsets", "an object")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':['0',4]}", "an array of two numbers as data_offsets", "a string")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[]}", "two data_offsets, begin and end", "0")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[0]}", "two data_offsets, begin and end", "1")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[0,4,8]}", "two data_offsets, begin and end", "more")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}", "data_offsets that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[0,4.0]}", "data_offsets that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[0," + Nines + "]}", "data_offsets that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[18446744073709551612,0]}", "data_offsets that are whole numbers from 0 up", "another number")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[4,0]}", "data_offsets that begin before they end", "[4, 0]")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[9223372036854775807,3]}", "data_offsets that begin before they end", "[9223372036854775807, 3]")]
    [InlineData("{'dtype':'F32','shape':[2],'data_offsets':[0,4]}", "8 bytes of F32 in shape [2]", "4 bytes between its data_offsets")]
    [InlineData("{'dtype':'F16','shape':[],'data_offsets':[0,4]}", "2 bytes of F16 in shape []", "4 bytes between its data_offsets")]
    [InlineData("{'dtype':'F64','shape':[0,3],'data_offsets':[0,4]}", "0 bytes of F64 in shape [0, 3]", "4 bytes between its data_offsets")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[0,9223372036854775807]}", "4 bytes of F32 in shape [1]", "9223372036854775807 bytes between its data_offsets")]
    [InlineData("{'dtype':'F32','shape':[1],'data_offsets':[4,8]}", "data_offsets that begin at 0", "4, which leaves a hole")]
    public void Tensor_DescribedWrongly_SaysWhatWasExpected(string tensor, string expected, string found)
    {
        string header = "{\"logits\":" + tensor.Replace('\'', '"') + "}";
        using Reading reading = Safe.Read(Safe.File(header, 0, 0, 0, 0));
        Mistake mistake = reading.Mistake();
        Assert.Equal(("/logits", "malformed_json", expected, found), (mistake.Pointer, mistake.Code, mistake.Expected, mistake.Found));
        Assert.StartsWith("safetensors header: ", mistake.Detail, StringComparison.Ordinal);
        Assert.False(reading.Request.HasInput(0));
    }

    [Theory]
    [InlineData("[1,1,1,1,1,1,1,1,1]", "rank")]
    [InlineData("[16777217]", "elements")]
    [InlineData("[9223372036854775807]", "elements")]
    [InlineData("[4096,4097]", "elements")]
    [InlineData("[65536,65536,65536,65536]", "elements")]
    [InlineData("[0,9223372036854775807]", "elements")]
    [InlineData("[0,65536,65536]", "elements")]
    public void Shape_BeyondALimit_IsRefused(string shape, string limit)
    {
        string header = "{\"logits\":{\"shape\":" + shape + ",\"dtype\":\"F32\",\"data_offsets\":[0,0]}}";
        using Reading reading = Safe.Read(Safe.File(header));
        Mistake mistake = reading.Mistake();
        Assert.Equal(("/logits", "limit_exceeded", limit), (mistake.Pointer, mistake.Code, mistake.Limit));
    }

    [Theory]
    [InlineData("0,4", "8,12", "/weight data_offsets that begin at 4, found 8, which leaves a hole")]
    [InlineData("0,4", "0,4", "/weight data_offsets that begin at 4, found 0, which overlaps another tensor")]
    [InlineData("2,6", "0,4", "/logits data_offsets that begin at 4, found 2, which overlaps another tensor")]
    [InlineData("4,8", "8,12", "/logits data_offsets that begin at 0, found 4, which leaves a hole")]
    public void Layout_WithHoleOrOverlap_IsRefused(string logits, string weight, string expected)
    {
        string header = $$$"""{"logits":{"dtype":"F32","shape":[1],"data_offsets":[{{{logits}}}]},"weight":{"dtype":"F32","shape":[1],"data_offsets":[{{{weight}}}]} }""";
        using Reading reading = Safe.Read(Safe.File(header, new byte[12]));
        Mistake mistake = reading.Mistake();
        Assert.Equal("malformed_json", mistake.Code);
        string[] words = expected.Split(' ', 2);
        Assert.Equal(words[0], mistake.Pointer);
        Assert.Equal("safetensors header: expected " + words[1], mistake.Detail);
    }

    [Fact]
    public void Layout_WithATensorWithinAnother_NamesThatOneAlone()
    {
        const string Header = """{"logits":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"weight":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"labels":{"dtype":"F32","shape":[1],"data_offsets":[16,20]} }""";
        using Reading reading = Safe.Read(Safe.File(Header, new byte[20]));
        Assert.Equal("/weight", reading.Mistake().Pointer);
    }

    // An empty tensor lies where its neighbour begins, in whatever order the header has them.
    [Fact]
    public void Layout_WithAnEmptyTensorBehindItsNeighbourInTheHeader_IsSound()
    {
        const string Header = """{"logits":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"weight":{"dtype":"F32","shape":[0],"data_offsets":[0,0]} }""";
        using Reading reading = Safe.Read(Safe.File(Header, Safe.Bytes(3f)));
        Assert.Empty(reading.Mistakes);
        Assert.Equal([3f], reading["logits"].Float32.ToArray());
        Assert.Equal(0, reading["weight"].Shape.Elements);
    }

    [Fact]
    public void Shape_OfAsManyAxesAsThereMayBe_IsRead()
    {
        using Reading reading = Safe.Read(Safe.File([("logits", "F32", [1, 1, 1, 2, 1, 1, 1, 1], Safe.Bytes(3f, 4f))]));
        Assert.Empty(reading.Mistakes);
        Assert.Equal("[1, 1, 1, 2, 1, 1, 1, 1]", reading["logits"].Shape.ToString());
    }

    [Fact]
    public void Tensor_NamedAsAParameter_IsToldWhereThatStands()
    {
        using Reading reading = Safe.Read(Safe.File("alpha", "F32", Safe.Bytes(1f), 1));
        Assert.Contains("__metadata__", reading.Mistake().Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"__metadata__\":1}", "/__metadata__", "malformed_json")]
    [InlineData("{\"__metadata__\":null}", "/__metadata__", "malformed_json")]
    [InlineData("{\"__metadata__\":{\"reduction\":1}}", "/__metadata__", "malformed_json")]
    [InlineData("{\"__metadata__\":{\"reduction\":[\"sum\"]}}", "/__metadata__", "malformed_json")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{\"x\":[1,{\"y\":2}]}}", "/__metadata__", "duplicate_member")]
    [InlineData("{\"__metadata__\":{\"alpha\":\"1\",\"alpha\":\"1\"}}", "/__metadata__/alpha", "duplicate_member")]
    [InlineData("{\"__metadata__\":{\"format\":\"pt\",\"format\":\"pt\"}}", "/__metadata__/format", "duplicate_member")]
    [InlineData("{\"__metadata__\":{\"gradients\":\"\",\"gradients\":\"\"}}", "/__metadata__/gradients", "duplicate_member")]
    [InlineData("{\"__metadata__\":{\"alhpa\":\"1\"}}", "/__metadata__/alhpa", "unknown_member")]
    [InlineData("{\"__metadata__\":{\"logits\":\"1\"}}", "/__metadata__/logits", "unknown_member")]
    [InlineData("{\"__metadata__\":{\"alpha\":\"many\"}}", "/__metadata__/alpha", "parameter_out_of_range")]
    [InlineData("{\"__metadata__\":{\"alpha\":\"\"}}", "/__metadata__/alpha", "parameter_out_of_range")]
    [InlineData("{\"__metadata__\":{\"smooth\":\"True\"}}", "/__metadata__/smooth", "parameter_out_of_range")]
    [InlineData("{\"__metadata__\":{\"reduction\":\"average\"}}", "/__metadata__/reduction", "parameter_out_of_range")]
    [InlineData("{\"__metadata__\":{\"dtype\":\"F32\"}}", "/__metadata__/dtype", "dtype_unsupported")]
    [InlineData("{\"__metadata__\":{\"gradients\":\"logits,weight\"}}", "/__metadata__/gradients/1", "gradient_not_available")]
    [InlineData("{\"__metadata__\":{\"gradients\":\"mask\"}}", "/__metadata__/gradients/0", "gradient_not_available")]
    [InlineData("{\"alpha\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", "/alpha", "unknown_member")]
    [InlineData("{\"logit/s\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", "/logit~1s", "unknown_member")]
    [InlineData("{\"logits\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0],\"strides\":{\"a\":[]}}}", "/logits/strides", "unknown_member")]
    [InlineData("{\"logits\":{\"dtype\":\"F32\",\"shape\":[0],\"shape\":[[1]],\"data_offsets\":[0,0]}}", "/logits/shape", "duplicate_member")]
    [InlineData("{\"logits\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"logits\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", "/logits", "duplicate_member")]
    public void Member_WrongInItself_HasItsOwnCode(string header, string pointer, string code)
    {
        using Reading reading = Safe.Read(Safe.File(header));
        Mistake mistake = reading.Mistake();
        Assert.Equal((pointer, code), (mistake.Pointer, mistake.Code));
    }

    [Fact]
    public void Mistakes_OfSeveralKinds_ComeAllAtOnceAndTheGoodTensorsToo()
    {
        byte[] file = Safe.File(
            [
                ("logit", "F32", [1], new byte[4]), ("logits", "F32", [2], Safe.Bytes(1f, 2f)), ("mask", "F32", [1], new byte[4]),
                ("labels", "BOOL", [1], [7]),
            ],
            ("redction", "sum"), ("alpha", "x"), ("gamma", "-1"));
        using Reading reading = Safe.Read(file);
        Assert.Equal(
            ["/__metadata__/redction unknown_member", "/__metadata__/alpha parameter_out_of_range", "/logit unknown_member", "/mask dtype_unsupported", "/labels wrong_type"],
            reading.Mistakes.Select(one => $"{one.Pointer} {one.Code}"));
        Assert.Equal([1, 2], reading["logits"].Float32.ToArray());
    }

    [Fact]
    public void Body_WithOtherLengthThanItsHeaderSays_IsRefused()
    {
        byte[] file = Safe.File("logits", "F32", Safe.Bytes(1f, 2f), 2);
        using Reading longer = Safe.Read([.. file, 0]);
        Assert.Equal(("", "malformed_json", "more bytes"), (longer.Mistake().Pointer, longer.Mistake().Code, longer.Mistake().Found));
        using Reading shorter = Safe.Read(file[..^1]);
        Assert.Equal(("/logits", "malformed_json"), (shorter.Mistake().Pointer, shorter.Mistake().Code));
        Assert.Contains($"{file.Length} bytes", shorter.Mistake().Detail, StringComparison.Ordinal);
        Assert.Contains($"{file.Length - 1} bytes", shorter.Mistake().Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1UL << 20, null)]
    [InlineData((1UL << 20) + 1, "header")]
    [InlineData(ulong.MaxValue, "header")]
    [InlineData(1UL << 63, "header")]
    public void HeaderLength_BeyondTheLimit_IsRefusedUnread(ulong length, string? limit)
    {
        byte[] file = Safe.File("{}");
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        using Reading reading = Safe.Read(file);
        Assert.Equal((limit is null ? "malformed_json" : "limit_exceeded", limit), (reading.Mistake().Code, reading.Mistake().Limit));
    }

    [Fact]
    public void Body_BeyondTheLimit_IsRefusedByItsHeader()
    {
        byte[] file = Safe.File("logits", "F32", new byte[400], 100);
        using Reading whole = Safe.Read(file, Reading.Limits with { BodyBytesMax = file.Length });
        Assert.Empty(whole.Mistakes);
        using Reading less = Safe.Read(file, Reading.Limits with { BodyBytesMax = file.Length - 1 });
        Assert.Equal(("", "limit_exceeded", "body"), (less.Mistake().Pointer, less.Mistake().Code, less.Mistake().Limit));
    }

    [Fact]
    public void Header_OfManyTensors_EndsWithTheList()
    {
        string tensors = string.Join(",", Enumerable.Range(0, 5_000).Select(
            one => $"\"t{one}\":{{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[{one},{one + 1}]}}"));
        using Reading reading = Safe.Read(Safe.File("{" + tensors + "}", new byte[5_000]));
        Assert.Equal(Mistakes.CountMax, reading.Mistakes.Count);
        Assert.All(reading.Mistakes, one => Assert.Equal("unknown_member", one.Code));
    }

    [Fact]
    public void Claim_WithoutItsBytes_OccupiesLittle()
    {
        byte[] header = Encoding.UTF8.GetBytes("""{"logits":{"dtype":"F64","shape":[16777216],"data_offsets":[0,134217728]}}""");
        byte[] file = [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[1_000_000]];
        using Reading reading = Safe.Read(file, pool: new TensorPool(5 << 20) { PoisonsReturns = true });
        Assert.Equal("malformed_json", reading.Mistake().Code);
    }

    [Fact]
    public void Body_CutAtEveryByte_IsRefusedCleanly()
    {
        byte[] file = Samples.All;
        ReadLimits limits = Reading.Limits;
        for (int length = 0; length < file.Length; length++)
        {
            using Reading reading = Safe.Read(file[..length], limits);
            Assert.Equal("malformed_json", reading.Mistakes[^1].Code);
            Assert.Single(reading.Mistakes);
        }

        using Reading whole = Safe.Read(file);
        Assert.Empty(whole.Mistakes);
    }
}
